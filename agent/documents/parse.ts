/** A value whose scalars are all text, parsed by a schema; what does not fit becomes problems with exact places. */
import * as z from "zod";
import { convertScalars } from "./convert.ts";
import { problemsOf } from "./issues.ts";
import type { Problem } from "./kinds.ts";
import type { Path, RawDocument } from "./source.ts";

export type Parsed<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** `base` is where `value` stands in the document. */
export function parseWith<T>(schema: z.ZodType<T>, document: RawDocument, base: Path, value: unknown): Parsed<T> {
  const strict = strictly(schema);
  const converted = convertScalars(strict, value);
  const result = strict.safeParse(converted);
  if (result.success) return { kind: "value", value: result.data };
  return { kind: "problems", problems: problemsOf(result.error.issues, { document, base, value: converted, schema }) };
}

/** A check kind need not remember to refuse what it does not know: a mistyped parameter must not become a default. */
function strictly<T>(schema: z.ZodType<T>): z.ZodType<T>;
function strictly(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strict() : schema;
}
