import type { PbxClient } from '../http/client';
import { tokenPayload, type AccessToken, type TokenClaims } from '../http/tokens';
import type { Entity } from '../xapi/entities';
import { Unanswered, withoutArguments, type Asker } from './ask';
import type { Heard } from './listen';
import type { Facts } from './words';

/** The PBX that is asked, and what is known of the way to it. */
export interface Subject {
	client: PbxClient;
	asker: Asker;
	/** Client ID of the credential; it is compared, never shown. */
	clientId?: string;
	/** `expires_in` of the token that is in use, as the PBX said it; undefined where it was not kept. */
	expiresIn?: number;
	/** What the socket tells while the other questions are asked. */
	heard: Promise<Heard>;
	/** Mints another token, which ends the one in use. Undefined where others would suffer from that. */
	mint?: () => Promise<AccessToken>;
	/** How long the socket is listened to, in ms. */
	listenMs: number;
	signal: AbortSignal;
}

/** Puts one question. Throws `Unanswered` (or whatever else) where the PBX leaves it open. */
export type Ask = (subject: Subject) => Promise<Facts>;

/** A claim that is read only here: the words among which the role stands. */
export type Claims = TokenClaims & { role?: unknown };

/** @returns the claims of the token in use */
export async function claimsOf({ client, signal }: Subject): Promise<Claims> {
	const claims = tokenPayload(await client.tokens.get(signal));
	if (!claims) throw new Unanswered('The token is no JWT');
	return claims;
}

const isRow = (value: unknown): value is Entity =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns the objects in a list; none for anything else */
export const listOf = (value: unknown): Entity[] =>
	Array.isArray(value) ? value.filter(isRow) : [];

/** @returns the DNs that Call Control shows */
export async function dnsOf({ asker }: Subject): Promise<Entity[]> {
	const { status, json } = await asker.get('/callcontrol');
	if (status !== 200) throw new Unanswered(`Call Control answers ${status}`);
	return listOf(json);
}

/** @returns the legs of all DNs, each with the type of its own DN as `ownType` */
export async function legsOf(subject: Subject): Promise<Entity[]> {
	const legs = (await dnsOf(subject)).flatMap(({ type, participants }) =>
		listOf(participants).map((leg): Entity => ({ ...leg, ownType: type })),
	);
	if (legs.length === 0)
		throw new Unanswered('There is no call: run the report while somebody is talking');
	return legs;
}

/** @returns one row of a list, if there is any */
export async function firstRow({ asker }: Subject, path: string, query: string): Promise<Entity> {
	const [row] = await asker.rows(path, query);
	if (!row) throw new Unanswered(`${withoutArguments(path)} has no rows`);
	return row;
}
