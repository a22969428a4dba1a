/**
 * A browser reaches the socket through a forwarded port (design 10), and with it any page that the person has open. What
 * such a page asks in their name is refused: by the name it came under (a foreign name that was made to lead here), and by
 * what the browser says of its origin.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Refusal, refusal } from "./problem.ts";

const hosts = /^(?:(?:localhost|127\.0\.0\.1)(?::\d{1,5})?|rcwarden)$/i;
const sites = ["same-origin", "none"];

/** Null where the request may be looked at. */
export function foreign(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): Refusal | null {
  const named = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "host").length;
  const { host, origin, referer } = headers;
  const site = headers["sec-fetch-site"];
  if (named > 1) return refusal(400, "host-twice", ["Host", "one header", `${named}`]);
  if (host !== undefined && host !== "" && !hosts.test(host)) {
    return refusal(421, "host-foreign", ["Host", "localhost, 127.0.0.1 (with any port) or rcwarden", host]);
  }
  if (site !== undefined && !(typeof site === "string" && sites.includes(site))) {
    return refusal(403, "site-foreign", ["Sec-Fetch-Site", "same-origin or none", String(site)]);
  }
  if (origin !== undefined && (host === undefined || origin.toLowerCase() !== `http://${host.toLowerCase()}`)) {
    return refusal(403, "origin-foreign", ["Origin", "that of this very page, or none", origin]);
  }
  // Browsers that say nothing of the site still say this where a page leads elsewhere; ours tells it to nobody.
  if (
    referer !== undefined &&
    (host === undefined || !referer.toLowerCase().startsWith(`http://${host.toLowerCase()}/`))
  ) {
    return refusal(403, "referer-foreign", ["Referer", "that of this very page, or none", referer]);
  }
  return null;
}
