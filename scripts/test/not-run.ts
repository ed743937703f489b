const MARK = /\[NOT RUN: (.*?)\]/;

/** Title of tests that cannot run here; the reason must reach the end of the test run. */
export function notRunTitle(title: string, reason: string): string {
  return `[NOT RUN: ${reason.replaceAll(/[[\]\s]+/g, ' ')}] ${title}`;
}

/** Splits skipped tests into those that could not run, as lines by reason, and the others' titles. */
export function sortSkipped(titles: readonly string[]): {
  readonly notRun: readonly string[];
  readonly others: readonly string[];
} {
  const byReason = new Map<string, string[]>();
  const others: string[] = [];
  for (const title of titles) {
    const reason = MARK.exec(title)?.[1];
    if (reason === undefined) others.push(title);
    else byReason.set(reason, [...(byReason.get(reason) ?? []), title.replace(MARK, '').trim()]);
  }
  const notRun = [...byReason].flatMap(([reason, names]) => [
    '',
    `NOT RUN: ${names.length} tests. ${reason}`,
    ...names.map((name) => `  - ${name}`),
  ]);
  return { notRun, others };
}
