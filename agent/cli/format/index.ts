/**
 * What `check` can be printed as, besides the text for people: pure functions from a report to text. To add a format: one
 * file named by its id, one line here, one test at test/cli/format/ID.test.ts; help, completion and the check of the flag
 * follow. The test of the registry holds each against hostile text and broken documents.
 */
import type { Format } from "./format.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { junit } from "./junit.ts";
import { nagios } from "./nagios.ts";
import { prometheus } from "./prometheus.ts";
import { sarif } from "./sarif.ts";

export const formats: readonly Format[] = [json, jsonl, sarif, junit, nagios, prometheus];

/** What `--format` takes; `text` is what is printed without it. */
export const formatIds: readonly string[] = ["text", ...formats.map(({ id }) => id)];

export type { Format, Outcome, Refusal, Trouble } from "./format.ts";
