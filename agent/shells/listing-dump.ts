import { checkedNonce } from "./frames.ts";
import { single } from "./quote.ts";
import type { Shell } from "./shell.ts";

/** How a shell of the sh family that only writes listings is made to tell them: bash and zsh have ways of their own. */
export interface Listing {
  /** The word of a builtin, said so that no alias and no function stands for it, once `free` has run. */
  own(builtin: string): string;
  /** Prints the (quoted) word and a newline, or a NUL. */
  line(word: string): string;
  field(word: string): string;
  /** Builtins that the dump uses and that a function may stand for; special builtins are none of them. */
  readonly needed: readonly string[];
  /** Takes functions of these names away; "" where `own` needs none of that. */
  free(names: readonly string[]): string;
  /** Says what a name is, without its alias: `type`, or what the shell has in its place. */
  readonly type: string;
  /** Lists aliases, then takes them away. Null where the shell has none. */
  readonly aliases: { readonly list: string; readonly drop: string } | null;
  /** Lists the names of all functions; null where the shell can only be asked for one. */
  readonly functions: string | null;
  /** Lists the variables, as `NAME=QUOTED` lines. */
  readonly variables: string;
}

/**
 * The text that makes such a shell tell its definitions. How it survives what startup files did (measured):
 * - Every command word is quoted, so that no alias bites; keywords come before aliases in all of these shells.
 * - Special builtins (set, unset, trap, export) cannot be named by a function, or come before one. With `unset -f` all
 *   that stand for other builtins go; but first, in subshells that each drop only what they use, it is asked which were there.
 * - Options are taken first, then those that end or hinder are put off. `>|` for noclobber; one open of the FIFO, held
 *   by one group, so that its reader sees one end.
 */
export function listingDump(how: Listing): Shell["dump"] {
  return ({ answer, nonce, names }) => {
    const n = `_rcw_${checkedNonce(nonce)}_`;
    const { own, line, field } = how;
    const section = (name: string) => line(`'\n${nonce}:${name}'`);
    const each = (words: readonly string[], body: string) =>
      `for ${n}name in ${words.map(single).join(" ")}; do ${body}; done`;
    const told = (body: string) => `${field(`"$${n}name"`)}; ${body}; ${field("''")}`;
    const others = [...new Set([...names, ...how.needed])];
    const asked = `${how.type} "$${n}name" 2>/dev/null`;
    return `${n}flags=$- ${n}options=$(\\set -o)
\\set +euxvf
{
( ${how.free(["type", "printf"])}
${section("begin")}
${section("asked")}
${each(others, `${told(asked)}; ${line(nonce)}`)}
${section("hidden")} )
( ${how.free(["command"])}
\\command -V type; \\command -V printf ) 2>/dev/null
${how.free(how.needed)}
${section("functions")}
${how.functions ?? "\\:"}
${section("left")}
${each(how.needed, `${told(asked)}; ${line(nonce)}`)}
${section("aliases")}
${how.aliases === null ? "\\:" : `${how.aliases.list}; ${how.aliases.drop}`}
${section("options")}
${line(`"$${n}options"`)}
${section("flags")}
${line(`"$${n}flags"`)}
${section("exported")}
${own("export")} -p
${section("traps")}
${own("trap")}
${own("trap")} - EXIT
${section("variables")}
${how.variables}
${section("commands")}
${each(names, `${told(asked)}; ( ${own("unset")} -f "$${n}name"; ${own("command")} -v "$${n}name" ) 2>/dev/null; ${field("''")}; ${line(nonce)}`)}
${section("umask")}
${own("umask")}
${section("cwd")}
${own("pwd")} -P || ${line('"$PWD"')}
${section("end")}
} >|${single(answer)}
${line(single(nonce))}
${line(single(nonce))} >&2
`;
  };
}
