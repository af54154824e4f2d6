"""What a visitor asks for while the stream of answers is being shut is answered, too.

Fed by nothing; `app.py` puts the script into the head of its pages. Gradio's server shuts a
session's stream of answers when nothing is left to answer, and its script opens another one with
the next event. An event that was taken while the word of the shutting was on its way opens none,
and its answers lay on the server until the visitor did something else (seen with Gradio 6.31).
The script here stands between the two: it holds the word back, and where an event is left without
an answer it opens the stream once more and goes on with that in the old one's place.
"""

SCRIPT = """<script>
(() => {
    const plain = window.fetch.bind(window);
    const asked = new Set(), early = new Set();  // events without an end; ends that came first
    let open = 0, told = () => {}, shut = Promise.resolve();

    const join = async (what, how) => {
        open += 1;
        try {
            const answer = await plain(what, how);
            const { event_id: id } = answer.ok ? await answer.clone().json() : {};
            if (id && !early.delete(id)) asked.add(id);
            await shut;
            return answer;
        } finally {
            open -= 1;
            told();
        }
    };

    const stream = async (what, how) => {
        const again = () => plain(what instanceof Request ? what.clone() : what, how);
        const first = await again();
        if (!first.ok || !first.body) return first;
        let reader = first.body.pipeThrough(new TextDecoderStream()).getReader();
        const body = new ReadableStream({
            async start(out) {
                const old = new Set();
                let rest = "";
                for (;;) {
                    const { value, done } = await reader.read();
                    if (done) break;
                    const parts = (rest + value).split("\\n\\n");
                    rest = parts.pop();
                    for (const part of parts) {
                        const message = JSON.parse(part.slice(part.indexOf("{")));
                        if (message.msg === "process_completed" && message.event_id)
                            asked.delete(message.event_id) || early.add(message.event_id);
                        if (message.msg === "close_stream") {
                            for (const id of old) asked.delete(id);  // one more stream was enough
                            while (open && !asked.size)
                                await new Promise((resolve) => { told = resolve; });
                            if (asked.size) {
                                for (const id of asked) old.add(id);
                                const next = await again();
                                if (!next.ok || !next.body) throw new TypeError(next.status);
                                reader = next.body.pipeThrough(new TextDecoderStream()).getReader();
                                continue;
                            }
                            // Until Gradio's script has heard of it, no event is to be taken.
                            shut = new Promise((resolve) => setTimeout(resolve, 10));
                        }
                        out.enqueue(part + "\\n\\n");
                    }
                }
                out.close();
            },
            cancel: (why) => reader.cancel(why),
        });
        return new Response(body.pipeThrough(new TextEncoderStream()), first);
    };

    window.fetch = (what, how) => {
        const { pathname } = new URL(what?.url ?? what, location.href);
        if (pathname.endsWith("/queue/join")) return join(what, how);
        if (pathname.endsWith("/queue/data")) return stream(what, how);
        return plain(what, how);
    };
})();
</script>"""
