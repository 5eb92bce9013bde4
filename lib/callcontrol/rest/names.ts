import type { PbxClient } from '../../http/client';
import { queryString } from '../../odata/query';
import { listEntities } from '../../xapi/entities';
import { createCallControl } from './client';
import type { DnState } from './types';

/** A DN for people to choose. */
export interface NamedDn extends DnState {
	/** `100 Amelia Hartley`; only the number where the API client may not read names. */
	label: string;
}

/** More than this, and the rest is shown without names. */
const MAX_NAMES = 2_000;

/**
 * The DNs that the API client may listen to and control, with names. Call Control knows no names; the Configuration
 * API does, but not every API client may read it.
 *
 * @param client the PBX
 * @returns them by number
 * @throws ThreeCxError when Call Control refuses; missing names are no error
 */
export async function listNamedDns(client: PbxClient): Promise<NamedDn[]> {
	const query = queryString({ select: ['Number', 'Name'] });
	const [dns, peers] = await Promise.all([
		createCallControl(client).list(),
		listEntities(client, '/Peers', { query, limit: MAX_NAMES }).catch(() => []),
	]);
	const names = new Map(peers.map(({ Number: number, Name: name }) => [number, name]));
	return dns
		.map((dn) => ({ ...dn, label: [dn.dn, names.get(dn.dn)].filter(Boolean).join(' ') }))
		.sort((a, b) => a.dn.localeCompare(b.dn, 'en', { numeric: true }));
}
