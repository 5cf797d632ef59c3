"""Why a request is not answered as it was meant: a status and a sentence."""


class Refusal(Exception):
    def __init__(self, status, sentence, headers=None, **more):
        super().__init__(sentence)
        self.status = status
        self.body = {"status": status, "error": sentence, **more}
        self.headers = headers or {}
