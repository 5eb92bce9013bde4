import { queryString } from '../../odata/query';
import { requestFor } from '../../xapi/invoke';
import { XAPI } from '../../xapi/entities';
import { Unanswered, verdict, type Reply } from '../ask';
import { claimsOf, type Ask, type Subject } from '../subject';
import { known, names, shapeOf } from '../words';
import { listen } from '../listen';
import { lastWeek } from './history';

/** Tokens, roles, refusals, version (protocol 1). */

/** How far `expires_in` may be from the life of the token and still mean it. */
const TOLERANCE = 0.1;

const isAbout = (value: number, wanted: number) => Math.abs(value - wanted) <= wanted * TOLERANCE;

export const expiryUnit: Ask = async (subject) => {
	const { exp, iat } = await claimsOf(subject);
	if (exp === undefined || iat === undefined)
		throw new Unanswered('The token does not tell its times');
	const { expiresIn } = subject;
	if (expiresIn === undefined) {
		throw new Unanswered(
			'The answer with which the token came was not kept; "npm run contract" asks for one',
		);
	}
	const life = exp - iat;
	const unit = isAbout(expiresIn, life)
		? 'seconds'
		: isAbout(expiresIn * 60, life)
			? 'minutes'
			: 'neither';
	return { unit, lifetimeSeconds: life };
};

/** Words that stand in the `role` claim, and mean nothing of the customer's. */
export const ROLE_WORDS = [
	'system_owners',
	'system_admins',
	'group_owners',
	'managers',
	'group_admins',
	'receptionists',
	'supervisors',
	'users',
	'App',
	'CallFlowApp',
	'Enterprise',
	'MyPhone',
	'Reports',
];

export const tokenClaimNames: Ask = async (subject) => {
	const claims = await claimsOf(subject);
	const has = (name: string) => Object.hasOwn(claims, name);
	return {
		sub: has('sub'),
		iss: has('iss'),
		exp: has('exp'),
		iat: has('iat'),
		role: has('role'),
		...(subject.clientId === undefined ? {} : { subIsClientId: claims.sub === subject.clientId }),
		issIsHost: claims.iss === new URL(subject.client.connection.origin).hostname,
		claims: names(Object.keys(claims)),
		roleWords: known([claims.role].flat(), ROLE_WORDS),
	};
};

/** How long to wait for what a new token does to an older one, in ms. */
const AFTERMATH_MS = 5_000;

export const olderToken: Ask = async ({ client, asker, mint, signal }) => {
	if (!mint)
		throw new Unanswered('A new token would disturb others; "npm run contract" asks for one');
	const older = await client.tokens.get(signal);
	await mint();
	return { olderToken: verdict(await asker.getWith(older, `${XAPI}/Defs`)) };
};

export const olderSocket: Ask = async ({ client, mint, signal }) => {
	if (!mint)
		throw new Unanswered('A new token would disturb others; "npm run contract" asks for one');
	const listening = listen(client, AFTERMATH_MS, signal);
	await listening.opened;
	await mint();
	const { isOpen, ended } = await listening.heard;
	if (!isOpen)
		throw new Unanswered(`The socket does not open: ${ended?.status ?? ended?.kind ?? 'time-out'}`);
	return {
		socket: ended ? 'closed' : 'stays open',
		closeCode: /\bcode (\d{4})$/.exec(ended?.message ?? '')?.[1] ?? 'none',
	};
};

/** What is read to learn what the role allows: by name, the operation that lists it. */
const ROOTS = [
	'Users',
	'Groups',
	'Queues',
	'Trunks',
	'Contacts',
	'ActiveCalls',
	'EventLogs',
	'Recordings',
	'CallHistoryView',
	'ChatHistoryView',
] as const;

const ONE = queryString({ top: 1 });

const callLogAnswer = async ({ asker }: Subject): Promise<Reply> =>
	await asker.get(requestFor('GetCallLogData', { parameters: lastWeek() }).path, ONE);

export const readable: Ask = async (subject) => {
	const { asker } = subject;
	const { role } = await claimsOf(subject);
	const answers = { Defs: verdict(await asker.get(`${XAPI}/Defs`, '$select=Id')) } as Record<
		string,
		string
	>;
	for (const root of ROOTS) answers[root] = verdict(await asker.get(`${XAPI}/${root}`, ONE));
	answers.ReportCallLogData = verdict(await callLogAnswer(subject));
	return { ...answers, role: known([role].flat(), ROLE_WORDS) };
};

export const refusalBodies: Ask = async ({ asker }) => {
	const xapi = await asker.getAsStranger(`${XAPI}/Defs`);
	const callControl = await asker.getAsStranger('/callcontrol');
	return {
		xapi: shapeOf(xapi),
		callControl: shapeOf(callControl),
		xapiStatus: xapi.status,
		callControlStatus: callControl.status,
	};
};

/** @returns the version, if it is written as one: digits and dots cannot name anybody */
export function versionOf({ headers }: Reply): string | undefined {
	const text = [headers['x-3cx-version']].flat()[0];
	return text !== undefined && /^\d{1,3}(\.\d{1,5}){1,3}$/.test(text) ? text : undefined;
}

export const versionHeader: Ask = async ({ asker }) => {
	const defs = await asker.get(`${XAPI}/Defs`, '$select=Id');
	const status = await asker.get(`${XAPI}/SystemStatus`, '$select=Version');
	const version = versionOf(defs);
	const { Version } = (status.json ?? {}) as { Version?: unknown };
	return {
		header: defs.headers['x-3cx-version'] !== undefined,
		...(version === undefined ? {} : { version }),
		...(typeof Version === 'string' ? { isStatusVersion: Version === version } : {}),
	};
};

export const rateLimits: Ask = async ({ asker }) => {
	const found = asker.replies.flatMap(({ headers }) =>
		Object.keys(headers).filter((name) => /rate-?limit|retry-after/.test(name)),
	);
	return {
		headers: names(found.map((name) => name.replaceAll('-', '_'))),
		tooManyRequests: asker.replies.some(({ status }) => status === 429),
		requests: asker.replies.length,
	};
};
