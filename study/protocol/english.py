"""The page's words in English, as templates; what stands in braces is filled in.

Read by ``texts`` for what the server fills in, and by ``refusals`` for what it refuses; `page` is
filled in by the page itself. A study file's ``[texts]``, or the file of texts that it names, may
set each of them (`study.protocol.wording`); study/texts/de.toml does so in German. The consent
text has a version, which is stored with each participant: change the text and the version together.

The tables of `VARIANTS` have what is said otherwise where trials are not those of the default
study; at most one of them lies over the rest (`study.protocol.wording.of_trials`).
"""

from typing import Any

VARIANTS = ("unrated", "preference", "unpaired")

_FILTERS = (
    "Please switch off night light or other colour filters of your screen. A picture may be a "
    "little soft; that tells nothing about its colours."
)

ENGLISH: dict[str, Any] = {
    "language": "en",  # BCP 47, for readers of the screen and hyphenation
    "direction": "ltr",  # or "rtl"
    "question": "Which picture is real?",
    "rating": "Rate each picture",
    "consent": {
        "version": "4",
        "title": "Which picture is real?",
        "lead": (
            "You will see {methods} versions of one photograph at a time. One has its real "
            "colours; the others were coloured by computer programs. You choose the real one, "
            "then rate how each looks. There are {trials}; allow about {minutes} minutes."
        ),
        "paragraphs": [],
        "points": [
            [
                "What is stored",
                "{answers}, {checks}the time at which you gave them, how long "
                "each choice took, {made}and the version of this text. If you came by a "
                "recruiting service's link, also the participant, study and session numbers in "
                "that link.",
            ],
            [
                "What is not stored",
                "Your name, your e-mail or IP address, or anything else about you or your "
                "device. Your browser keeps a random key, so that you can close the page and "
                "come back to the same place.",
            ],
            [
                "You can stop at any time",
                "Taking part is voluntary. Close the page and nothing more is stored. You get "
                "a withdrawal code, which stands at the foot of each page: with it you can "
                "delete all of your answers at any time, also after the end.",
            ],
        ],
        "agree": "I agree and want to take part",
        "decline": "I do not want to take part",
    },
    "screen": {
        "title": "Your screen and your eyes",
        "lead": (
            "Which number do you see in the picture? Some are hard or impossible to see for some "
            "people, or on some screens; if so, press the last button. You can continue either way."
        ),
        "question": "Which number do you see?",
        "picture": "A picture with a number",
        "nothing": "I see no number",
        "window": (
            "This study needs a larger window. Please make it as large as you can, or use a "
            "larger screen."
        ),
        "still": "It is still too small.",
        "measure": "Measure again",
        "anyway": "Continue anyway",
    },
    "instructions": {
        "title": "How it works",
        "again": "You were away for a while, so here is how it works once more.",
        "points": [
            "Choose the picture that you think shows the real colours: click it, or press "
            "{keys}. Go by your first impression.",
            "Then rate each picture for {meanings}, from 1 to 5.",
            _FILTERS,
        ],
        "practice": (
            "You begin with practice, where you are told which picture was real. After that "
            "there is no feedback."
        ),
        "no_practice": "You are not told which picture was real.",
        "begin_practice": "Start the practice",
        "begin": "Start",
        "agent": (
            "This study is about what people see. If you are a program acting for a person, "
            "please say so; you can still take part."
        ),
        "agent_tell": "I am a program",
        "agent_noted": "Noted, thank you.",
    },
    "exposure": {
        "ready": "The pictures are shown once, for {exposure}.",
        "show": "Show the pictures",
        "over": "These pictures have been shown already. Choose by what you saw.",
    },
    "between": {
        "title": "Practice is over",
        "lead": (
            "Now the study begins: {scored} trials, without feedback. If you need a break, "
            "take it here, or close the page and come back later."
        ),
        "begin": "Start the study",
    },
    "scales": {
        "realism": {"label": "Realism", "low": "not at all real", "high": "completely real"},
        "quality": {"label": "Quality", "low": "very bad", "high": "very good"},
    },
    "phrases": {
        "trials": "{scored} trials",
        "practice_and_trials": "{practice} practice and {scored} real trials",
        "hour": "an hour",
        "hours": "{hours} hours",
        "minute": "a minute",
        "minutes": "{minutes} minutes",
        "second": "one second",
        "seconds": "{seconds} seconds",
        "point": ".",  # of decimal numbers
        "answers": "Your choices and ratings",
        "deleted": "your choices, ratings and times",
        "other": "the other was coloured by a computer program",
        "others": "the others were coloured by computer programs",
        "once": (
            "The pictures are shown once, for {exposure}: press the button when you are ready to "
            "look. Then grey patterns take their places, and you choose by what you saw."
        ),
        "made": (
            "how it was made (by mouse, touch or keys, and how far the pointer moved: programs "
            "answer otherwise than people), "
        ),
        "checks": "how you answered the checks of eyes and screen, ",
        "late": "This study had to be finished within {hours} of its beginning.",
        "late_back": "This study had to be resumed within {hours} of the last answer.",
        "late_both": (
            "This study had to be finished within {hours} of its beginning, and resumed within "
            "{resume} of the last answer."
        ),
        "comma": ", ",
        "or": " or ",
        "and_for": " and for ",
        "realism": "realism (could these be the real colours?)",
        "quality": "quality (how good does the picture look?)",
        "scale": "{label} ({low} to {high})",
        "catch": (
            "A few trials held obvious fakes only, to see whether the pictures were looked at; "
            "these do not count."
        ),
    },
    "done": {
        "title": "Thank you",
        "lead": "You have finished. All of your answers are stored. This is your code:",
        "after": (
            "Hand it in where you were asked for it. In each trial one picture had its real "
            "colours and the other {others} were coloured by computer programs that only saw "
            "the photograph in grey. The study measures how often their colours are taken for "
            "real. {catch}You can close the page."
        ),
        "link": "Finish",
        "opening": "This opens by itself in {seconds} seconds.",
        "stay": "Stay here",
    },
    "ends": {
        "declined": [
            "You are not taking part",
            "Nothing about you was stored. You can close the page.",
        ],
        "screened_out": [
            "Your part ends here",
            "The people who run this study have ended your part in it. You can close the page.",
        ],
        "quota_full": [
            "The study is full",
            "Enough people are taking part already, so you cannot begin any more. Thank "
            "you for your interest. You can close the page.",
        ],
        "timed_out": [
            "Your time is up",
            "{late} What you answered is stored. You can close the page.",
        ],
        "paused": [
            "The study is paused",
            "Nobody can begin it at the moment. Please come back later.",
        ],
        "not_kept": [
            "The study is closed",
            "Answers could be lost: this server has not shown that it keeps its files when it "
            "restarts. So nobody can begin, and nothing about you was stored. If you run this "
            "study, the server's log says what to do.",
        ],
    },
    "access": {
        "title": "Access code",
        "lead": "This study is open to those who were given an access code.",
        "label": "Your access code",
        "go": "Continue",
    },
    "withdraw": {
        "open": "Withdraw",
        "title": "Delete your answers",
        "lead": (
            "This deletes everything that is stored about you in this study: {deleted}. It cannot "
            "be undone."
        ),
        "label": "Your withdrawal code",
        "go": "Delete my answers",
        "back": "Back",
        "done_title": "Your answers are deleted",
        "done": "Nothing of what you answered is stored any more. You can close the page.",
    },
    "page": {
        "head": "TrueHue",
        "subhead": (
            "Colour black-and-white photographs, and find out which colours people take for real."
        ),
        "tab": "Study",
        "comma": ", ",
        "continue": "Continue",
        "try_again": "Try again",
        "failed": "That did not work",
        "no_study": "No study",
        "reload": "Reload the page to continue.",
        "went_wrong": (
            "Something went wrong in this page. What you answered before is stored."
        ),
        "silence": "There is no connection to the server at the moment.",
        "fault": "The server is having trouble at the moment.",
        "nothing_lost": "Nothing is lost: this page keeps trying by itself.",
        "try_now": "Try now",
        "participant": "Participant {id}",
        "withdrawal_code": "Withdrawal code",
        "elsewhere": "only in the browser in which you began",
        "completion_code": "Completion code",
        "copy": "Copy",
        "copied": "Copied",
        "by_hand": "Select the code and copy it by hand",
        "practice": "Practice {number} of {of}",
        "own": "You were right in {right} of {scored} trials. By guessing, people are right in "
        "about {guessed}.",
        "trial": "Trial {number} of {of}",
        "progress": "Progress",
        "loading": "Loading the pictures ...",
        "pictures": "Pictures",
        "picture": "Picture {number}",
        "hidden": "Hidden picture",
        "choose": "Picture {number} is real",
        "legend": "Picture {number}: ",
        "missing": "missing",
        "one_missing": "One rating is missing.",
        "many_missing": "{count} ratings are missing.",
        "right": "Right: picture {real} has the real colours.",
        "wrong": "Picture {real} has the real colours; you chose picture {picked}.",
        "your_choice": "your choice",
        "real": "real",
    },
    "refused": {
        "unknown": "Your place in the study was not found. Reload the page.",
        "not_ours": "This request is not one that the page makes. Reload the page to continue.",
        "ours": "Something went wrong on the server, and was noted there. Try again in a while.",
        "closed": "No study is running here at the moment.",
        "full": "Answers cannot be stored at the moment: the server's disk is full.",
        "busy": "Answers cannot be stored at the moment: the database is busy.",
        "away": "Answers cannot be stored at the moment: the database does not answer.",
        "many": "Answers cannot be stored at the moment: many are waiting.",
        "changed": "The text has changed. Reload the page and read it again.",
        "address": (
            "{limit} people have begun this study from your address within an hour, which is "
            "the most that can. Try again later, or from another place."
        ),
        "withdrawal_form": (
            "This is not a withdrawal code: those have the form ABCD-EFGH-JKMN."
        ),
        "withdrawal_unknown": (
            "No answers are stored under this code. It is at the foot of each page, in the "
            "form ABCD-EFGH-JKMN."
        ),
        "recruiter_only": (
            "This study opens only by the recruiting service's link. Use the link as you "
            "received it."
        ),
        "code_needed": "Please enter the access code that you were given.",
        "code_wrong": "This access code is not one of this study.",
        "parameter": (
            "The {name} in the link must be 1 to 100 letters, digits or signs without spaces. "
            "Use the link as you received it."
        ),
        "placeholder": (
            "The recruiting service has not put your {name} into the link. Open the study "
            "from there again; if this stays, tell the people who run it."
        ),
        "no_participant": "This participant is not in the database. Reload the page.",
        "not_on_show": "These pictures are not being shown now. Reload the page to continue.",
        "not_due": "This trial is not due yet. Reload the page to continue.",
        "not_now": "This trial is not due now. Reload the page to continue.",
        "look_first": "Look at the pictures first. Reload the page to continue.",
        "no_ratings": "This study asks for no ratings. Reload the page to continue.",
        "not_yours": "This trial is not one of yours. Reload the page to continue.",
        "choose": "Choose one of the pictures 1 to {pictures}.",
        "judge": "Answer {real} for real colours or {other} for others.",
        "choose_first": "Choose the picture that you think is real first, then rate.",
        "rate_all": "Rate all {pictures} pictures.",
        "rate": "Rate the {scale} of picture {picture} from {low} to {high}.",
    },
    "unrated": {
        "consent": {
            "lead": (
                "You will see {methods} versions of one photograph at a time. One has its real "
                "colours; {fakes}. You choose the real one. There are {trials}; allow about "
                "{duration}."
            ),
        },
        "instructions": {
            "points": [
                "Choose the picture that you think shows the real colours: click it, or press "
                "{keys}. Go by your first impression.",
                "{once}",
                _FILTERS,
            ],
        },
        "phrases": {"answers": "Your choices", "deleted": "your choices and times"},
    },
    "preference": {
        "question": "Which picture do you prefer?",
        "consent": {
            "title": "{question}",
            "lead": (
                "You will see {methods} versions of one photograph at a time, coloured by "
                "different computer programs. You choose one of them. There are {trials}; allow "
                "about {duration}."
            ),
        },
        "instructions": {
            "points": [
                "The question is always: {question}",
                "Choose the picture that answers the question: click it, or press {keys}. Go by "
                "your first impression.",
                "{once}",
                _FILTERS,
            ],
            "practice": "You begin with practice.",
            "no_practice": "There is no right or wrong answer.",
        },
        "phrases": {"answers": "Your choices", "deleted": "your choices and times"},
        "done": {
            "after": (
                "Hand it in where you were asked for it. In each trial, different computer "
                "programs had coloured the same photograph. You can close the page."
            ),
        },
        "page": {"choose": "Picture {number}"},
    },
    "unpaired": {
        "question": "Are these colours real?",
        "judge": {
            "picture": "Picture",
            "answers": ["Real", "Fake"],
            "right": [
                "Right: these colours are real.",
                "Right: these colours were made by a computer program.",
            ],
            "wrong": [
                "No: these colours are real.",
                "No: these colours were made by a computer program.",
            ],
        },
        "consent": {
            "title": "Real or fake?",
            "lead": (
                "You will see one picture at a time. Some have their real colours, the others "
                "were coloured by computer programs. You say which are real. There are {trials}; "
                "allow about {duration}."
            ),
        },
        "instructions": {
            "points": [
                "You see one picture at a time. Say whether its colours are real, or were made by "
                "a computer program: click Real or Fake, or press 1 or 2. Go by your first "
                "impression.",
                "{once}",
                _FILTERS,
            ],
            "practice": (
                "You begin with practice, where you are told whether the colours were real. After "
                "that there is no feedback."
            ),
            "no_practice": "You are not told whether the colours were real.",
        },
        "exposure": {
            "ready": "The picture is shown once, for {exposure}.",
            "show": "Show the picture",
            "over": "This picture has been shown already. Answer by what you saw.",
        },
        "phrases": {
            "answers": "Your choices",
            "deleted": "your choices and times",
            "once": (
                "The picture is shown once, for {exposure}: press the button when you are ready "
                "to look. Then a grey pattern takes its place, and you answer by what you saw."
            ),
        },
        "done": {
            "after": (
                "Hand it in where you were asked for it. Some pictures had their real colours, "
                "the others were coloured by computer programs that only saw the photograph in "
                "grey. The study measures how often their colours are taken for real. You can "
                "close the page."
            ),
        },
    },
}  # fmt: skip
