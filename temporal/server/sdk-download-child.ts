/** Run as a process of its own: downloads Temporal's dev server into the folder given. */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const REASON_CHARS = 160;

async function main(downloadDir: string): Promise<void> {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder to download into');
main(folder).then(
  () => process.exit(0),
  (error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    const cause = /(dns error|connection refused|timed out|status [0-9]+).*$/i.exec(text)?.[0];
    process.stderr.write(`the download failed: ${(cause ?? text).slice(0, REASON_CHARS)}\n`);
    process.exit(1);
  },
);
