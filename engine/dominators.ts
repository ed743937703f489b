/**
 * The immediate dominator of every node that can be reached from `start`, but of `start` itself: the
 * last node that all ways to it pass (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance
 * Algorithm").
 */
export function immediateDominators(
  start: string,
  next: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, string> {
  const order = reversePostorder(start, next);
  const place = new Map(order.map((id, index) => [id, index]));
  const previous: number[][] = order.map(() => []);
  for (const [index, id] of order.entries()) {
    for (const to of next.get(id) ?? []) previous[place.get(to) ?? 0]?.push(index);
  }
  const dominator: number[] = [0];
  for (let changed = true; changed;) {
    changed = false;
    for (let index = 1; index < order.length; index += 1) {
      const known = (previous[index] ?? []).filter((from) => dominator[from] !== undefined);
      const found = known.reduce((a, b) => meet(dominator, a, b));
      if (dominator[index] === found) continue;
      dominator[index] = found;
      changed = true;
    }
  }
  return new Map(
    order.slice(1).map((id, index) => [id, order[dominator[index + 1] ?? 0] ?? start]),
  );
}

function meet(dominator: readonly number[], a: number, b: number): number {
  let [left, right] = [a, b];
  while (left !== right) {
    if (left > right) left = dominator[left] ?? 0;
    else right = dominator[right] ?? 0;
  }
  return left;
}

function reversePostorder(
  start: string,
  next: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const seen = new Set([start]);
  const done: string[] = [];
  const path: { readonly id: string; at: number }[] = [{ id: start, at: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const to = next.get(top.id)?.[top.at];
    top.at += 1;
    if (to === undefined) {
      done.push(top.id);
      path.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      path.push({ id: to, at: 0 });
    }
  }
  return done.reverse();
}
