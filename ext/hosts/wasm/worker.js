"use strict";
/* Beside the page, so that a long question neither freezes it nor outlives the button that stops it. */

let answers = null;

async function open({ bytes, library, report }) {
  answers = new Answers(await makeSqlite({ wasmBinary: library }), new Uint8Array(bytes), report);
  return answers.about();
}

self.onmessage = async ({ data: { id, verb, args } }) => {
  try {
    self.postMessage({ id, answer: verb === "open" ? await open(...args) : answers[verb](...args) });
  } catch (error) {
    self.postMessage({ id, fault: String(error.message ?? error) });
  }
};
