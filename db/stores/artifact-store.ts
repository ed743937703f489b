import { findVersion, unknownFile } from '../files/read-files.ts';
import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from './page.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Artifact } from '../../contracts/artifact.ts';
import type { Database } from '../database.ts';
import { epochOf, unknownRun } from '../runs/read-runs.ts';
import { newId } from '../../contracts/ids.ts';
import { readContent } from '../files/contents.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';
import { violatesForeignKey } from '../violation.ts';

/** A file of the run's own space that is to be published. */
export interface PublishArtifact {
  readonly path: string;
  /** The last one by default. */
  readonly version?: number;
  /** For people; the last part of the path by default. */
  readonly name?: string;
  /** `application/octet-stream` by default. */
  readonly mediaType?: string;
  readonly stepId?: string | null;
  /** True: what the step has published of the path before is the answer, whatever stands now. */
  readonly oncePerStep?: boolean;
}

/** The artifact; `existing`: this version had been published before, and what was said then stands. */
export interface PublishedArtifact {
  readonly kind: 'created' | 'existing';
  readonly artifact: Artifact;
}

/** Results that runs have published. */
export interface ArtifactStore {
  /** Throws `file.not_found`, `file.version_not_found`, `run.not_found`. */
  publish(ref: RunRef, input: PublishArtifact): Promise<PublishedArtifact>;
  /** Of a run, oldest first. Throws `run.not_found`. */
  list(ref: RunRef, page: PageRequest): Promise<Page<Artifact>>;
  /** Throws `artifact.not_found`. */
  get(workspaceId: string, artifactId: string): Promise<Artifact>;
  /** Its bytes. Throws `artifact.not_found`. */
  read(
    workspaceId: string,
    artifactId: string,
  ): Promise<{ readonly artifact: Artifact; readonly bytes: Buffer }>;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;
const UNKNOWN_TYPE = 'application/octet-stream';
const NAME_CHARS = 200;

/** Artifacts on PostgreSQL. */
export function createArtifactStore(database: Database): ArtifactStore {
  const get: ArtifactStore['get'] = async (workspaceId, artifactId) => {
    const row = await database.kysely
      .selectFrom('artifacts')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', artifactId)
      .executeTakeFirst();
    if (row === undefined) throw new AppError('artifact.not_found', `no artifact ${artifactId}`);
    return fromRow(row);
  };
  return {
    get,
    publish: (ref, input) => publishArtifact(database, ref, input),
    list: async (ref, page) => {
      await epochOf(database.kysely, ref.workspaceId, ref.runId);
      const rows = await database.kysely
        .selectFrom('artifacts')
        .selectAll()
        .where('workspace_id', '=', ref.workspaceId)
        .where('run_id', '=', ref.runId)
        .where('id', '>', textPlace(page) ?? '')
        .orderBy('id')
        .limit(rowsToRead(page))
        .execute();
      return toPage(rows, page, { item: fromRow, place: (row) => [row.id] });
    },
    read: async (workspaceId, artifactId) => {
      const artifact = await get(workspaceId, artifactId);
      return { artifact, bytes: await readContent(database, workspaceId, artifact.sha256) };
    },
  };
}

async function publishArtifact(
  { kysely }: Database,
  ref: RunRef,
  input: PublishArtifact,
): Promise<PublishedArtifact> {
  const { workspaceId, runId } = ref;
  const { path } = input;
  const space = { workspaceId, spaceId: runId };
  const isRepeatable = input.oncePerStep === true && input.version === undefined;
  const earlier = isRepeatable ? await ofStep(kysely, ref, input) : null;
  if (earlier !== null) return { kind: 'existing', artifact: earlier };
  const file = await findVersion(kysely, space, { path, version: input.version });
  if (file.sha256 === null) throw unknownFile(path);
  try {
    const made = await kysely
      .insertInto('artifacts')
      .values({
        workspace_id: workspaceId,
        id: newId('artifact'),
        run_id: runId,
        step_id: input.stepId ?? null,
        name: nameOf(input),
        path,
        version: file.version,
        media_type: mediaTypeOf(input),
        size_bytes: file.sizeBytes,
        sha256: file.sha256,
      })
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'run_id', 'path', 'version']).doNothing(),
      )
      .returningAll()
      .executeTakeFirst();
    if (made !== undefined) return { kind: 'created', artifact: fromRow(made) };
  } catch (error) {
    if (violatesForeignKey(error)) throw unknownRun(runId);
    throw error;
  }
  const row = await publishedOf(kysely, ref, path)
    .where('version', '=', file.version)
    .executeTakeFirstOrThrow();
  return { kind: 'existing', artifact: fromRow(row) };
}

/** The newest that the step has published of the path. */
async function ofStep(
  kysely: Database['kysely'],
  ref: RunRef,
  { path, stepId = null }: PublishArtifact,
): Promise<Artifact | null> {
  if (stepId === null) return null;
  const row = await publishedOf(kysely, ref, path)
    .where('step_id', '=', stepId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Selects what the run has published of the path. */
function publishedOf(kysely: Database['kysely'], { workspaceId, runId }: RunRef, path: string) {
  return kysely
    .selectFrom('artifacts')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('run_id', '=', runId)
    .where('path', '=', path);
}

function nameOf({ name, path }: PublishArtifact): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  return (name === undefined || name === '' ? last : name).slice(0, NAME_CHARS).toWellFormed();
}

/** It becomes a header: what is none is published as bytes. */
function mediaTypeOf({ mediaType = UNKNOWN_TYPE }: PublishArtifact): string {
  const lower = mediaType.toLowerCase();
  return MEDIA_TYPE.test(lower) ? lower : UNKNOWN_TYPE;
}

function fromRow(row: Selectable<Tables['artifacts']>): Artifact {
  return {
    id: row.id,
    runId: row.run_id,
    stepId: row.step_id,
    name: row.name,
    path: row.path,
    version: row.version,
    mediaType: row.media_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    createdAt: row.created_at.toISOString(),
  };
}
