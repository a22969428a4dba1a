/** The reference engine by itself: `node test/support/engine/main.ts [PORT]`; says where it listens and which files a host needs. */
import { startEngine } from "./engine.ts";

const port = Number(process.argv[2] ?? "0");
const engine = await startEngine({ port, demandsCertificate: true });
console.log(JSON.stringify({ url: engine.url, caFile: engine.authority.caFile, ...engine.client }));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void engine[Symbol.asyncDispose]().then(() => process.exit(0));
  });
}
