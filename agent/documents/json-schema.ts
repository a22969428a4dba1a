import * as z from "zod";

export type Json = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of what may be written, not of what it becomes; draft 7, which all editors' YAML plugins know. */
export function jsonSchemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { target: "draft-07", io: "input", unrepresentable: "any", override: asEditorsRead });
}

/**
 * An editor reads YAML with the usual types, the loader reads text. So a number or boolean may also stand in quotes, and
 * where text is wanted an all-digit name or the command `true` need none. (`pattern` and `minLength` bind text alone.)
 */
function asEditorsRead({ jsonSchema }: { readonly jsonSchema: Json }): void {
  const { type } = jsonSchema;
  if (jsonSchema.enum !== undefined || jsonSchema.const !== undefined) return;
  if (type === "string") Object.assign(jsonSchema, { type: ["string", "number", "boolean"] });
  if (type === "boolean") Object.assign(jsonSchema, { type: ["boolean", "string"], pattern: "^(true|false)$" });
  if (type === "integer") Object.assign(jsonSchema, { type: ["integer", "string"], pattern: "^-?[0-9]+$" });
  if (type === "number") Object.assign(jsonSchema, { type: ["number", "string"], pattern: "^-?[0-9]+([.][0-9]+)?$" });
}
