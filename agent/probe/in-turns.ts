/** Does `work` for every item, at most `atOnce` at a time; the answers stand in the order of the items. */
export async function inTurns<T, R>(atOnce: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  const waiting = items.entries();
  // All workers draw from one iterator, so that each item is taken once.
  const worker = async () => {
    for (const [at, item] of waiting) answers[at] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}
