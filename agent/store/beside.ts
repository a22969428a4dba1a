import * as z from "zod";
import { files, replaceFile, smallFile } from "./folder.ts";

const key = z.string().nullable();
const besideSchema = z.object({
  n: z.int().min(1).max(999_999_999),
  r: z.string().regex(/^[0-9a-f]{8}$/),
  hostId: z.uuid(),
  instance: z.string(),
  program: z.string(),
  keys: z.object({ machineId: key, productUuid: key, productName: key }),
});

/**
 * The small file `epoch` beside the database, written at each start before the first event of that epoch: with it a
 * database that cannot be read any more does not make this another host, nor its epochs begin anew.
 */
export type Beside = z.infer<typeof besideSchema>;

/** Null where there is none, or none that can be trusted. */
export function readBeside(folder: string): Beside | null {
  const text = smallFile(`${folder}/${files.beside}`);
  if (text === null) return null;
  try {
    return besideSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export function writeBeside(folder: string, beside: Beside): void {
  replaceFile(folder, files.beside, `${JSON.stringify(beside)}\n`);
}
