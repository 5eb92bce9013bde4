import { readWhole } from '../http/body';
import type { PbxClient } from '../http/client';
import type { Catalogue } from './catalogue';
import { buildCatalogue } from './catalogueFromOpenApi';
import { XAPI } from './entities';
import { MAX_YAML_BYTES, parseYaml } from './yaml';

/** Somebody waits at the editor while the description comes (1.2 MB in 20.0.10); after this, in ms, it comes too late. */
const TIME_LIMIT_MS = 5_000;

/** For so long, in ms, the PBX is not even asked for its version: a search box asks at every key. */
const FRESH_MS = 60_000;

/** PBXs whose catalogues are kept, a few MB each; the one that was not used for longest goes first. */
const KEPT = 8;

/** What is known of the catalogue of a PBX. */
interface Known {
	/** Of the PBX (`X-3CX-Version`), when it was read; undefined where it does not say. */
	version: string | undefined;
	/** Undefined where the PBX serves none: most builds do, not all (protocol 4.1). */
	catalogue: Catalogue | undefined;
	/** Milliseconds since 1970. */
	checkedAt: number;
}

/** By origin, in the order of their last use. */
const known = new Map<string, Known>();

/** By origin: who asks while the description is on its way gets the same one. */
const underWay = new Map<string, Promise<Known>>();

/**
 * The catalogue of operations that a PBX itself describes at `/xapi/v1/swagger.yaml`, so that what a newer 3CX can do is
 * known without a release of ours. It is kept as long as the PBX has the same version.
 *
 * @param client the PBX
 * @returns its catalogue; undefined when it cannot be had within a few seconds, for whatever reason: use the one that
 *   ships
 */
export async function ownCatalogue(client: PbxClient): Promise<Catalogue | undefined> {
	const { origin } = client.connection;
	const before = known.get(origin);
	const flight =
		underWay.get(origin) ?? refreshed(client, before).finally(() => underWay.delete(origin));
	underWay.set(origin, flight);
	const now = await flight;
	known.delete(origin);
	known.set(origin, now);
	for (const oldest of [...known.keys()].slice(0, -KEPT)) known.delete(oldest);
	return now.catalogue;
}

async function refreshed(client: PbxClient, before: Known | undefined): Promise<Known> {
	const checkedAt = Date.now();
	if (before && checkedAt - before.checkedAt < FRESH_MS) return before;
	// What was known stays true while the PBX does not answer; what it does not serve is asked for again, later.
	const { version, catalogue } = before ?? {};
	return await read(client, before).catch(() => ({ version, catalogue, checkedAt }));
}

/** Starts the download; the headers show whether the rest is needed. */
async function read(client: PbxClient, before: Known | undefined): Promise<Known> {
	const path = `${XAPI}/swagger.yaml`;
	const { headers, body } = await client.stream({
		method: 'GET',
		path,
		signal: AbortSignal.timeout(TIME_LIMIT_MS),
	});
	const version = [headers['x-3cx-version']].flat()[0];
	const checkedAt = Date.now();
	if (before?.catalogue && version !== undefined && version === before.version) {
		// A download that is broken off says so, and nobody else listens.
		body.on('error', () => undefined).destroy();
		return { ...before, checkedAt };
	}
	const limits = { maxBytes: MAX_YAML_BYTES, withinMs: TIME_LIMIT_MS };
	const whose = { origin: client.connection.origin, request: `GET ${path}` };
	const document = await parseYaml(await readWhole(body, limits, whose), TIME_LIMIT_MS);
	return { version, catalogue: buildCatalogue(document), checkedAt };
}
