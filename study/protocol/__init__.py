"""What a study is, before anybody answers: its settings, plan, rules and words. Pure."""
