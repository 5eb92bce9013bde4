import type { PbxClient } from '../../http/client';
import { queryString } from '../../odata/query';
import { listEntities } from '../../xapi/entities';
import { createCallControl } from './client';
import type { DnState } from './types';

/** A number of the phone system for people to choose. */
export interface Labelled {
	dn: string;
	/** `100 Amelia Hartley`; only the number where the API client may not read names. */
	label: string;
}

/** A DN that the API client may listen to and control, for people to choose. */
export interface NamedDn extends DnState, Labelled {}

/** More than this, and the rest is shown without names. */
const MAX_NAMES = 2_000;

/**
 * The names of all that has a number in the phone system, from the Configuration API; Call Control knows no names.
 *
 * @param client the PBX
 * @returns names by number, at most {@link MAX_NAMES}
 * @throws ThreeCxError when the API client may not read the Configuration API
 */
export async function namesByNumber(client: PbxClient): Promise<ReadonlyMap<string, string>> {
	const query = queryString({ select: ['Number', 'Name'] });
	const peers = await listEntities(client, '/Peers', { query, limit: MAX_NAMES });
	return new Map(
		peers.flatMap(
			({ Number: number, Name: name }): Array<[string, string]> =>
				number && name ? [[String(number), String(name)]] : [],
		),
	);
}

/**
 * The DNs that the API client may listen to and control, with names where it may read them.
 *
 * @param client the PBX
 * @returns them by number
 * @throws ThreeCxError when Call Control refuses; missing names are no error
 */
export async function listNamedDns(client: PbxClient): Promise<NamedDn[]> {
	const [dns, names] = await Promise.all([
		createCallControl(client).list(),
		namesByNumber(client).catch(() => new Map<string, string>()),
	]);
	return dns
		.map((dn) => ({ ...dn, label: [dn.dn, names.get(dn.dn)].filter(Boolean).join(' ') }))
		.sort(byNumber);
}

const byNumber = (one: Labelled, other: Labelled) =>
	one.dn.localeCompare(other.dn, 'en', { numeric: true });

/** What a call can be sent to, by XAPI's `PeerType`, and what is said beside the name; a person needs no word. */
const DESTINATIONS: ReadonlyMap<unknown, string> = new Map([
	['Extension', ''],
	['Queue', 'queue'],
	['RingGroup', 'ring group'],
	['IVR', 'digital receptionist'],
	['Conference', 'conference'],
	['Parking', 'parking slot'],
	['RoutePoint', 'route point'],
]);

/**
 * The numbers of the phone system that a call can be sent to: people, queues, groups, menus, ..., also those that the
 * API client may not listen to. Where it may not read the Configuration API, those that it may listen to.
 *
 * @param client the PBX
 * @returns them by number, with their kind: `800 Sales (queue)`
 * @throws ThreeCxError when neither API says any
 */
export async function listDestinations(client: PbxClient): Promise<Labelled[]> {
	const query = queryString({ select: ['Number', 'Name', 'Type'] });
	const peers = await listEntities(client, '/Peers', { query, limit: MAX_NAMES }).catch(() => []);
	const found = peers.flatMap(({ Number: number, Name: name, Type: type }) => {
		const kind = DESTINATIONS.get(type);
		if (kind === undefined || !number) return [];
		const words = [number, name, kind && `(${kind})`];
		return [{ dn: String(number), label: words.filter(Boolean).join(' ') }];
	});
	return found.length > 0 ? found.sort(byNumber) : await listNamedDns(client);
}
