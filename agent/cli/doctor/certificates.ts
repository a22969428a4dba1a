import type { EngineSinkDocument } from "../../documents/host-kinds.ts";
import { fail, type Outcome, ok, type SelfCheck, warn } from "./self-check.ts";
import type { DoctorWorld } from "./world.ts";

const dayMs = 86_400_000;
const soonDays = 14;

export const certificates: SelfCheck = {
  id: "certificates",
  asks: "are the sinks' keys and certificates there and valid",
  async look(world) {
    const { host } = await world.configuration(null);
    const sinks = (host.agent?.sinks ?? []).filter((sink) => sink.kind === "engine");
    if (sinks.length === 0) return ok("certificates: no sink names any");
    const told = (await Promise.all(sinks.map((sink) => ofSink(sink, world)))).flat();
    return told.length > 0
      ? told
      : ok(`certificates: those of ${sinks.map(({ name }) => name).join(", ")} are in place and valid`);
  },
};

async function ofSink(sink: EngineSinkDocument, world: DoctorWorld): Promise<Outcome[]> {
  const problem = await world.keyFilesProblem(sink);
  if (problem !== null)
    return [fail(`${sink.name}: ${problem}`, "put it in order: the agent reads it anew before it sends")];
  const files = [sink.certFile, sink.caFile].filter((file) => file !== null);
  const told = await Promise.all(
    files.map(async (file) => ofCertificate(sink.name, file, await world.certificateEnds(file), +world.now())),
  );
  return told.filter((outcome) => outcome !== null);
}

function ofCertificate(sink: string, file: string, endsMs: number | null, nowMs: number): Outcome | null {
  if (endsMs === null) return null;
  const days = Math.floor((endsMs - nowMs) / dayMs);
  if (endsMs <= nowMs) return fail(`${sink}: certificate expired ${-days} days ago`, `renew ${file}`);
  return days < soonDays ? warn(`${sink}: certificate expires in ${days} days`, `renew ${file}`) : null;
}
