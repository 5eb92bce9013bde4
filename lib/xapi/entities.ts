import { KeyedLock } from '../waiting/concurrency';
import type { PbxClient, PbxRequest } from '../http/client';
import { ThreeCxError } from '../http/errors';
import type { Expand } from '../odata/expand';
import { entityKey } from '../odata/entityKey';
import { queryString } from '../odata/query';
import { isEmptyAnswer } from './answer';
import { catalogue, entitySets } from './catalogue';
import { changesTo, differences, type Changes } from './difference';
import { readPages, type Page } from './pages';

/** A row of an entity set as XAPI sends it: PascalCase names, null properties left out (protocol 4.1). */
export type Entity = Record<string, unknown>;

/** Where XAPI lives on a PBX. */
export const XAPI = '/xapi/v1';

/** The largest `$top` that entity sets accept: above it they answer 400 (protocol 4.3). */
const PAGE_SIZE = 100;

/** What may accompany each request. */
export type RequestOptions = Pick<PbxRequest, 'signal' | 'timeoutMs'>;

/** Which rows of a collection are read. */
export interface ListOptions<Row = Entity> extends RequestOptions {
	/** Percent-encoded OData options other than `$top`, `$skip` and `$count`. */
	query?: string;
	/** The most rows to read; all when left out. */
	limit?: number;
	/** Rows a page; default 100, the most that entity sets accept. */
	pageSize?: number;
	/** The most pages of a list before it counts as one without end; default 10,000. */
	maxPages?: number;
	/** Makes of the rows of a page what is wanted of them, while further pages are on their way; default: as they are. */
	shape?: (rows: Entity[]) => Row[];
}

/** The most pages of a list, and how many times the largest answer it may have in all. */
const MAX_PAGES = 10_000;
const MAX_ANSWERS = 32;

/**
 * Reads the rows of a collection, page by page with `$top` and `$skip`; next links, which 3CX is not known to send
 * (protocol 4.1), are followed. When the list is over, and what is fetched side by side, is told by {@link readPages}.
 * Where the same list has been long before, its next pages are asked for together with the first.
 *
 * @param client the PBX
 * @param path collection below `/xapi/v1`, such as `/Users` or `/Groups(12)/Members`
 * @param options which rows
 * @returns the rows, without OData annotations, as `shape` has made them
 * @throws ThreeCxError of kind `malformed` when it is no list, or one without end
 */
export async function listEntities<Row = Entity>(
	client: PbxClient,
	path: string,
	{
		query = '',
		limit = Infinity,
		pageSize = PAGE_SIZE,
		maxPages = MAX_PAGES,
		shape = (rows) => rows as Row[],
		...rest
	}: ListOptions<Row> = {},
): Promise<Row[]> {
	if (limit <= 0) return [];
	const collection = new CollectionReader(client, rest, shape);
	const name = listName(client, path, query);
	const pages = await readPages({
		read: async (top, skip, isCounted) => {
			const paging = [
				`$top=${top}`,
				...(skip > 0 ? [`$skip=${skip}`] : []),
				...(isCounted ? ['$count=true'] : []),
			];
			return await collection.read(XAPI + path, [query, ...paging].filter(Boolean).join('&'));
		},
		follow: async (link) => await collection.follow(link),
		limit,
		pageSize,
		inFlight: () => client.inFlight,
		likely: lengths.get(name) ?? 0,
		bounds: { pages: maxPages, size: MAX_ANSWERS * client.maxBytes },
	});
	const rows = pages.flat();
	if (limit > pageSize) remember(name, rows.length);
	return rows;
}

/**
 * How many rows the lists had that were read last. What is read again (a workflow that runs every hour) is asked for side
 * by side from the start, instead of its first page alone to learn how many there are.
 */
const lengths = new Map<string, number>();

/** More lists than this, and the one not read for longest is forgotten. */
const MAX_LENGTHS = 1_000;

/** A list is the same one although its period moves on: `GetCallLogData(periodFrom=...)`. */
const listName = ({ connection }: PbxClient, path: string, query: string) =>
	[connection.origin, path.split('(', 1)[0], query].join(' ');

function remember(name: string, length: number): void {
	lengths.delete(name);
	lengths.set(name, length);
	const [oldest] = lengths.keys();
	if (lengths.size > MAX_LENGTHS) lengths.delete(oldest!);
}

/** Reads the answers of a collection. Nothing in them is taken for granted. */
class CollectionReader<Row> {
	constructor(
		private readonly client: PbxClient,
		private readonly options: RequestOptions,
		private readonly shape: (rows: Entity[]) => Row[],
	) {}

	async read(path: string, query: string): Promise<Page<Row>> {
		const { body, size } = await this.client.request<Record<string, unknown> | undefined>({
			method: 'GET',
			path,
			query,
			...this.options,
		});
		const value = isEmptyAnswer(body) ? [] : body?.value;
		if (!Array.isArray(value)) {
			throw new ThreeCxError({
				kind: 'malformed',
				message: 'The PBX did not respond with a list',
				hint: 'Check the Server URL and the version of the PBX; the Configuration API needs 3CX v20.',
				request: `GET ${path}`,
			});
		}
		const { '@odata.count': count, '@odata.nextLink': link } = body ?? {};
		return {
			rows: this.shape(value.filter((row) => row !== null).map(rowFrom)),
			length: value.length,
			count: wholeNumber(count),
			link: typeof link === 'string' && link !== '' ? link : undefined,
			size,
		};
	}

	/** Follows a `@odata.nextLink` as far as it stays on the PBX: the token must not follow it to somebody else. */
	async follow(link: string): Promise<Page<Row>> {
		const { origin } = this.client.connection;
		const base = `${origin}${XAPI}/`;
		const url = URL.canParse(link, base) ? new URL(link, base) : undefined;
		if (url?.origin === origin) return await this.read(url.pathname, url.search.slice(1));
		throw new ThreeCxError({
			kind: 'redirect',
			message: `The PBX names another address for its next page: ${url?.origin ?? 'none that can be read'}`,
			hint: 'Enter that address as the Server URL of the credential if it is your 3CX. The link was not followed, so that nobody else gets the access token.',
		});
	}
}

/** A row is an object; a list of texts or numbers becomes rows with a `value`. */
const rowFrom = (row: unknown): Entity =>
	typeof row === 'object' && !Array.isArray(row)
		? withoutAnnotations(row as Entity)
		: { value: row };

/** A count; 3CX sends a number, OData allows a text for large ones. */
function wholeNumber(value: unknown): number | undefined {
	const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
	return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** Leaves out OData's annotations (`@odata.context`, ...): they tell a client how to parse, and users nothing. */
export function withoutAnnotations(row: Entity): Entity {
	for (const name in row) if (name.startsWith('@odata.')) delete row[name];
	return row;
}

/** The one row of an answer; without properties where the answer is none. */
const entityIn = (body: unknown): Entity =>
	typeof body === 'object' && body !== null && !Array.isArray(body)
		? withoutAnnotations(body as Entity)
		: {};

/**
 * Reads one row.
 *
 * @param client the PBX
 * @param path the row below `/xapi/v1`, such as `/Users(12)` or `/Users(Number='100')`
 * @param query percent-encoded `$select` and `$expand`
 */
export async function getEntity(
	client: PbxClient,
	path: string,
	query?: string,
	options: RequestOptions = {},
): Promise<Entity> {
	const { body } = await client.request({
		method: 'GET',
		path: XAPI + path,
		query,
		...options,
	});
	return entityIn(body);
}

/*
 * With a client that only tries (`dryRun`), what writes sends nothing and gives what is known without the PBX: what calls
 * them asks for the outcome with `outcomeOf`.
 */

/** What has been done to a row, and what that is called in a dry run. */
const TRIED = { created: 'wouldCreate', updated: 'wouldUpdate', deleted: 'wouldDelete' } as const;

/** What became of a row. */
export type Done = keyof typeof TRIED;
export type Outcome = Done | (typeof TRIED)[Done] | 'unchanged';

/** @returns what to call what was done: `updated`, or `wouldUpdate` in a dry run */
export const outcomeOf = ({ dryRun }: Pick<PbxClient, 'dryRun'>, done: Done): Outcome =>
	dryRun ? TRIED[done] : done;

/**
 * Creates a row.
 *
 * @param path its collection, such as `/Users`
 * @param body PascalCase properties; what is left out is set by 3CX (the next free Number, for one)
 * @returns the row as created, with its Id
 */
export async function createEntity(
	client: PbxClient,
	path: string,
	body: Entity,
	options: RequestOptions = {},
): Promise<Entity> {
	if (client.dryRun) return { ...body };
	const answer = await client.request({
		method: 'POST',
		path: XAPI + path,
		body,
		...options,
	});
	return entityIn(answer.body);
}

/** Changes properties of a row; arrays are replaced as a whole, everything else is merged (protocol 4.5). */
export async function updateEntity(
	client: PbxClient,
	path: string,
	body: Entity,
	options: RequestOptions = {},
): Promise<void> {
	if (client.dryRun) return;
	await client.request({ method: 'PATCH', path: XAPI + path, body, ...options });
}

/** Deletes a row. */
export async function deleteEntity(
	client: PbxClient,
	path: string,
	options: RequestOptions = {},
): Promise<void> {
	if (client.dryRun) return;
	await client.request({ method: 'DELETE', path: XAPI + path, ...options });
}

/** The key of a row in parentheses, such as `(12)` or `('hold.wav')`; `Id` where the catalogue names none. */
function keyOf(entitySet: string, row: Entity): string {
	const [[name, type] = ['Id', 'int32']] = Object.entries(
		entitySets(catalogue)[entitySet]?.key ?? {},
	);
	return entityKey(row[name], type);
}

/** What {@link upsertEntity} did. */
export interface UpsertResult {
	outcome: Outcome;
	/** What was sent, and what was there before. */
	changed: Changes;
	/** The row as it is now, as far as it is known without reading it again; in a dry run of a new one, as it would be. */
	row: Entity;
}

/** What {@link upsertEntity} needs to know. */
export interface Upsert extends RequestOptions {
	/** Entity set, such as `Users`. */
	entitySet: string;
	/** `$filter` that finds the row by its natural key, as `filter()` writes it. */
	filter: string;
	/** The natural key in words, such as `Number 100`, for messages and for taking turns. */
	identity: string;
	/** The properties that the row shall have. */
	body: Entity;
	/** The body when there is no row yet; throws where it does not make a whole one. */
	newRow?: (body: Entity) => Entity;
	/** The body for a row that is there already; the body as it is when left out. */
	onto?: (row: Entity, body: Entity) => Entity;
	/** Brings the arrays of `body` along, so that they can be compared. */
	expand?: readonly Expand[];
}

/** Upserts of the same row take turns within this process; across processes the PBX's unique keys decide. */
const turns = new KeyedLock();

/**
 * Makes a row be as wanted, whether it exists or not, so that a workflow can run twice. Sends only what differs. Where
 * another run creates the row at the same moment, the PBX refuses ours (`ALREADY_IN_USE`), and it is updated instead.
 *
 * @returns what was done, and the row
 * @throws ThreeCxError of kind `conflict` when several rows have the natural key
 */
export async function upsertEntity(client: PbxClient, upsert: Upsert): Promise<UpsertResult> {
	const {
		entitySet,
		filter,
		identity,
		body,
		expand,
		newRow = (row) => row,
		onto,
		...options
	} = upsert;
	const path = `/${entitySet}`;
	const find = async () => {
		const query = queryString({ filter, expand });
		const rows = await listEntities(client, path, { query, limit: 2, ...options });
		if (rows.length < 2) return rows[0];
		throw new ThreeCxError({
			kind: 'conflict',
			message: `Several rows of ${entitySet} have ${identity}`,
			hint: 'Use Update with the ID of the right one.',
		});
	};
	const bring = async (existing: Entity): Promise<UpsertResult> => {
		const changes = differences(existing, onto?.(existing, body) ?? body);
		const changed = changesTo(existing, changes);
		if (Object.keys(changes).length === 0) return { outcome: 'unchanged', changed, row: existing };
		await updateEntity(client, path + keyOf(entitySet, existing), changes, options);
		const row = client.dryRun ? existing : { ...existing, ...changes };
		return { outcome: outcomeOf(client, 'updated'), changed, row };
	};
	return await turns.run(
		JSON.stringify([client.connection.origin, entitySet, identity]),
		async () => {
			const existing = await find();
			if (existing) return await bring(existing);
			const whole = newRow(body);
			const created = await createEntity(client, path, whole, options).catch(
				(error: unknown) => error as Error,
			);
			if (!(created instanceof Error)) {
				// A PBX that answers nothing has created it all the same.
				const row = Object.keys(created).length > 0 ? created : body;
				return { outcome: outcomeOf(client, 'created'), changed: changesTo({}, whole), row };
			}
			const wasFaster =
				created instanceof ThreeCxError && created.kind === 'conflict' ? await find() : undefined;
			if (!wasFaster) throw created;
			return await bring(wasFaster);
		},
	);
}
