/** The OpenAPI 3.1 document, from the table of routes and their schemas. */
import * as z from "zod";
import type { Route } from "./route.ts";
import { shapes } from "./shapes.ts";

type Json = Readonly<Record<string, unknown>>;

/** `closed`: objects have the named keys and no others, as tests want it. Readers of the document must expect more. */
export function openapi(routes: readonly Route[], version: string, { closed = false } = {}): Json {
  const paths = Map.groupBy(routes, ({ path }) => path);
  return {
    openapi: "3.1.0",
    info: {
      title: "rcwarden",
      version,
      description:
        "HTTP over the agent's Unix socket. The kernel says who calls: owner (root, or who runs the agent), viewer (group rcwarden), account (a watched account: its own rows) or nobody.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://rcwarden", description: "The name is not looked up: the socket is the address." }],
    paths: Object.fromEntries(
      [...paths].map(([path, own]) => [
        path,
        Object.fromEntries(own.map((each) => [each.method.toLowerCase(), operation(each)])),
      ]),
    ),
    components: { schemas: components(closed) },
  };
}

function components(closed: boolean): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(shapes())) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: "draft-2020-12",
    io: closed ? "output" : "input",
    uri: reference,
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
      delete jsonSchema.$schema;
      delete jsonSchema.$id;
      delete jsonSchema.id;
    },
  });
  return schemas;
}

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}

function operation({ summary, may, path, query, body, answer, media, statuses }: Route): Json {
  const named = /\{(\w+)\}/.exec(path)?.[1];
  const parameters = [
    ...(named === undefined ? [] : [{ name: named, in: "path", required: true, schema: { type: "string" } }]),
    ...queryParameters(query),
  ];
  const ok = { description: summary, content: contentOf(media, answer) };
  const problem = { description: "Why it was not answered.", content: json({ $ref: reference("Problem") }) };
  return {
    summary,
    description: `For ${may.join(", ")}.`,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== null && { requestBody: { content: json(withoutHead(body)) } }),
    responses: { ...Object.fromEntries(statuses.map((status) => [status, ok])), default: problem },
  };
}

/** JSON has the shape; the rest is text. */
function contentOf(media: readonly string[], answer: Route["answer"]): Json {
  const schemaOf = (type: string) => (/[/+]json$/.test(type) ? { $ref: reference(answer) } : { type: "string" });
  return Object.fromEntries(media.map((type) => [type, { schema: schemaOf(type) }]));
}

function json(schema: unknown): Json {
  return { "application/json": { schema } };
}

function queryParameters(query: z.ZodType): Json[] {
  if (!(query instanceof z.ZodObject)) return [];
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...shape } = withoutHead(schema);
    return { name, in: "query", required: false, ...(description !== undefined && { description }), schema: shape };
  });
}

function withoutHead(schema: z.core.$ZodType): Json {
  const { $schema, ...shape } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io: "input",
    unrepresentable: "any",
  });
  return shape;
}
