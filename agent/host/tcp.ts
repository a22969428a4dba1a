/** The kernel's tables of TCP connections, /proc/net/tcp and tcp6 (proc(5), Documentation/networking/proc_net_tcp). Pure. */

const listens = "0A";

/** The remote address of each connection by the inode of its socket; what listens has none. */
export function parseTcp(table: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of table.split("\n")) {
    const [slot = "", , remote = "", state, , , , , , inode = "0"] = line.trim().split(/\s+/);
    if (!slot.endsWith(":") || state === listens || inode === "0") continue;
    const address = addressOf(remote.split(":")[0] ?? "");
    if (address !== null) found.set(inode, address);
  }
  return found;
}

/** Words of 32 bits, each as this host's processor keeps it: the lowest byte first. Null where it is none. */
function addressOf(hex: string): string | null {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return null;
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 12).join(".") === "0.0.0.0.0.0.0.0.0.0.255.255";
  return isMapped ? bytes.slice(12).join(".") : shortest(Buffer.from(bytes).toString("hex"));
}

/** RFC 5952, by the one who writes addresses of URLs so. */
function shortest(hex: string): string {
  const parts = [...hex.matchAll(/.{4}/g)].map(([part]) => part);
  return new URL(`http://[${parts.join(":")}]/`).hostname.slice(1, -1);
}
