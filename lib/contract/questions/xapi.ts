import { entityKey } from '../../odata/entityKey';
import { queryString } from '../../odata/query';
import {
	catalogue,
	entitySets,
	isEnum,
	parseType,
	propertiesOf,
	type Catalogue,
} from '../../xapi/catalogue';
import { XAPI, type Entity } from '../../xapi/entities';
import { ownCatalogue } from '../../xapi/ownCatalogue';
import { answerTo, Unanswered, verdict, type Asker, type Reply } from '../ask';
import { firstRow, listOf, type Ask, type Subject } from '../subject';
import { kindOf, names, type Facts } from '../words';

/** The Configuration API: description, paging, filters, errors (protocol 4.1 to 4.4). */

export const descriptions: Ask = async ({ asker }) => ({
	swagger: answerTo(await asker.get(`${XAPI}/swagger.yaml`)),
	metadata: answerTo(await asker.get(`${XAPI}/$metadata`)),
	swaggerForStrangers: verdict(await asker.getAsStranger(`${XAPI}/swagger.yaml`)),
});

/** Names of one part of two catalogues that only one of them has, or that mean something else. */
function compare(part: 'operations' | 'types' | 'enums', theirs: Catalogue): Facts {
	const [there, here] = [theirs[part], catalogue[part]] as [
		Record<string, unknown>,
		Record<string, unknown>,
	];
	const isSame = (name: string) => JSON.stringify(there[name]) === JSON.stringify(here[name]);
	return {
		[`${part}Added`]: names(Object.keys(there).filter((name) => !(name in here))),
		[`${part}Gone`]: names(Object.keys(here).filter((name) => !(name in there))),
		[`${part}Changed`]: names(Object.keys(here).filter((name) => name in there && !isSame(name))),
	};
}

export const description: Ask = async ({ client }) => {
	const theirs = await ownCatalogue(client);
	if (!theirs) throw new Unanswered('The PBX does not describe its API, or not in time');
	return {
		...compare('operations', theirs),
		...compare('types', theirs),
		...compare('enums', theirs),
		operations: Object.keys(theirs.operations).length,
	};
};

const list = async ({ asker }: { asker: Asker }, set: string, query: string): Promise<Reply> => {
	const reply = await asker.get(`${XAPI}/${set}`, query);
	answerTo(reply);
	return reply;
};

const valueOf = ({ json }: Reply): Entity[] =>
	listOf((json as { value?: unknown } | undefined)?.value);
const annotation = ({ json }: Reply, name: string): unknown =>
	(json as Record<string, unknown> | undefined)?.[`@odata.${name}`];

export const nextLinks: Ask = async (subject) => {
	const one = await list(subject, 'Users', '$select=Id&$top=1');
	const all = await list(subject, 'Users', '$select=Id');
	const links = [one, all]
		.map((reply) => annotation(reply, 'nextLink'))
		.filter((link) => link !== undefined);
	const { origin } = subject.client.connection;
	const stays = links.every((link) => new URL(String(link), `${origin}${XAPI}/`).origin === origin);
	return { nextLink: links.length > 0, ...(links.length > 0 ? { staysOnPbx: stays } : {}) };
};

export const counts: Ask = async (subject) => {
	const reply = await list(subject, 'Users', '$select=Id&$top=1&$count=true');
	return { count: kindOf(annotation(reply, 'count')) };
};

async function someUser(subject: Subject): Promise<string> {
	const { Number: number } = await firstRow(subject, '/Users', '$select=Number&$top=1');
	return String(number);
}

export const alternateKey: Ask = async (subject) => {
	const key = entityKey({ Number: await someUser(subject) }, { Number: 'string' });
	return { alternateKey: answerTo(await subject.asker.get(`${XAPI}/Users${key}`, '$select=Id')) };
};

export const getByNumber: Ask = async (subject) => {
	const key = entityKey({ number: await someUser(subject) }, { number: 'string' });
	return {
		getByNumber: answerTo(
			await subject.asker.get(`${XAPI}/Users/Pbx.GetByNumber${key}`, '$select=Id'),
		),
	};
};

export const recordingByKey: Ask = async (subject) => {
	const { Id } = await firstRow(subject, '/Recordings', '$select=Id&$top=1');
	return {
		byKey: answerTo(await subject.asker.get(`${XAPI}/Recordings${entityKey(Id, 'int32')}`)),
	};
};

/** The largest number of rows that a refusal names. */
const limitIn = ({ text }: Reply) => /limit[^\d]{0,20}(\d{2,6})/i.exec(text)?.[1];

export const largestTop: Ask = async (subject) => {
	const over = await list(subject, 'Users', '$select=Id&$top=101');
	const limit = limitIn(over);
	return {
		top100: answerTo(await list(subject, 'Users', '$select=Id&$top=100')),
		top101: answerTo(over),
		...(limit === undefined ? {} : { limit: Number(limit) }),
	};
};

export const defaultPage: Ask = async (subject) => {
	for (const set of ['EventLogs', 'Users', 'Contacts']) {
		const reply = await subject.asker.get(`${XAPI}/${set}`, '$select=Id&$count=true');
		const count = annotation(reply, 'count');
		const rows = valueOf(reply).length;
		// Of a list that came whole, only the PBX's owner knows how long it is, and it stays so.
		if (typeof count === 'number' && rows > 0 && rows < count) return { page: rows };
		if (typeof count === 'number' && count > 100) return { page: 'all rows' };
	}
	throw new Unanswered('No list has more than 100 rows');
};

/** Filters that our builders write, and some that they might. */
const FILTERS: Record<string, string> = {
	eq: "Number eq '100'",
	ne: "Number ne '100'",
	and: "Number ne '100' and Enabled eq true",
	or: "(Number eq '100' or Number eq '101')",
	not: "not contains(FirstName,'x')",
	contains: "contains(FirstName,'a')",
	startswith: "startswith(FirstName,'a')",
	endswith: "endswith(FirstName,'a')",
	tolower: "tolower(FirstName) eq 'a'",
	toupper: "toupper(FirstName) eq 'A'",
	gt: 'Id gt 0',
	le: 'Id le 0',
	null: 'EmailAddress eq null',
	enum: "QueueStatus eq 'LoggedIn'",
	in: "Number in ('100','101')",
	any: 'Groups/any(g:g/GroupId gt 0)',
};

export const filters: Ask = async (subject) => {
	const facts: Facts = {};
	for (const [name, text] of Object.entries(FILTERS)) {
		const query = `${queryString({ filter: text })}&$select=Id&$top=1`;
		facts[name] = answerTo(await list(subject, 'Users', query));
	}
	return facts;
};

export const search: Ask = async (subject) => {
	const number = await someUser(subject);
	const reply = await list(
		subject,
		'Users',
		`${queryString({ search: number })}&$select=Number&$top=100`,
	);
	return { search: answerTo(reply), finds: valueOf(reply).some((row) => row.Number === number) };
};

/** Members of a body that 3CX is known to send with errors; others are named, if they look like names. */
function errorFacts(reply: Reply): Facts {
	const { error } = (reply.json ?? {}) as { error?: Entity };
	return { status: answerTo(reply), members: names(Object.keys(error ?? {})) };
}

export const errors: Ask = async (subject) => {
	const { asker } = subject;
	const badFilter = await list(subject, 'Users', queryString({ filter: "NoSuchProperty eq 'x'" }));
	const { status, members } = errorFacts(badFilter);
	return {
		badFilter: status!,
		badFilterMembers: members!,
		unknownSet: answerTo(await asker.get(`${XAPI}/NoSuchSet`)),
		unknownRow: answerTo(await asker.get(`${XAPI}/Users(2147483647)`)),
		functionWithoutParameters: answerTo(
			await asker.get(`${XAPI}/ReportCallLogData/Pbx.GetCallLogData()`),
		),
	};
};

/** Sets of which a row is looked at, to compare what comes with what is described. */
const SAMPLES = [
	'Users',
	'Groups',
	'Queues',
	'RingGroups',
	'Trunks',
	'Contacts',
	'ActiveCalls',
	'EventLogs',
	'Recordings',
];
const SAMPLE_ROWS = 5;

async function samples({ asker }: Subject): Promise<Array<{ type: string; row: Entity }>> {
	const found: Array<{ type: string; row: Entity }> = [];
	for (const set of SAMPLES) {
		const { type } = entitySets(catalogue)[set] ?? {};
		const reply = await asker.get(`${XAPI}/${set}`, `$top=${SAMPLE_ROWS}`);
		if (type !== undefined) found.push(...valueOf(reply).map((row) => ({ type, row })));
	}
	if (found.length === 0) throw new Unanswered('No list has rows that may be read');
	return found;
}

export const nulls: Ask = async (subject) => {
	const found = (await samples(subject)).flatMap(({ type, row }) =>
		Object.entries(row)
			.filter(([, value]) => value === null)
			.map(([name]) => `${type}.${name}`),
	);
	return { properties: names(found) };
};

const WIRE: Record<string, RegExp> = {
	string: /^(text|empty|instant|duration)/,
	uuid: /^text$/,
	boolean: /^boolean$/,
	int32: /^number$/,
	int64: /^number$/,
	uint8: /^number$/,
	decimal: /^number$/,
	double: /^number$/,
	float: /^number$/,
	'date-time': /^instant with/,
	date: /^text$/,
	time: /^text$/,
	duration: /^duration$/,
};

/** Whether a value can be of a type, by its kind alone. */
function fits(value: unknown, expression: string): boolean {
	const { name, array } = parseType(expression);
	const kind = kindOf(value);
	if (kind === 'null') return true;
	if (array) return kind === 'list';
	if (isEnum(catalogue, name)) return kind === 'text';
	return WIRE[name]?.test(kind) ?? kind === 'object';
}

export const types: Ask = async (subject) => {
	const misfits = new Set<string>();
	const unknown = new Set<string>();
	for (const { type, row } of await samples(subject)) {
		const declared = propertiesOf(catalogue, type);
		for (const [name, value] of Object.entries(row)) {
			const expression = Object.hasOwn(declared, name) ? declared[name] : undefined;
			if (name.startsWith('@')) continue;
			if (expression === undefined) unknown.add(`${type}.${name}`);
			else if (!fits(value, expression)) misfits.add(`${type}.${name}`);
		}
	}
	return { misfits: names(misfits), unknown: names(unknown) };
};
