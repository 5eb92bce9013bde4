import { parseEntity } from '../../callcontrol/link/frames';
import type { Entity } from '../../xapi/entities';
import { Unanswered, verdict } from '../ask';
import { dnsOf, firstRow, legsOf, listOf, type Ask, type Subject } from '../subject';
import { dnTypes, kindOf, known, names, wordsOf } from '../words';

/** Call Control over REST and over the socket, and the active calls of XAPI (protocol 2, 3, 4.6). */

export const DN_TYPES = [
	'Wextension',
	'Wexternalline',
	'Wivr',
	'Wparkextension',
	'Wqueue',
	'Wringgroup',
	'Wroutepoint',
	'Wspecialmenu',
];

export const typesOfDns: Ask = async (subject) => {
	const dns = await dnsOf(subject);
	return { types: dnTypes(dns.map(({ type }) => type)), fields: names(dns.flatMap(Object.keys)) };
};

async function userNumbers({ asker }: Subject): Promise<string[]> {
	const rows = await asker.rows('/Users', '$select=Number&$top=100');
	return rows.map(({ Number }) => String(Number));
}

export const scope: Ask = async (subject) => {
	const shown = new Set((await dnsOf(subject)).map(({ dn }) => dn));
	const numbers = await userNumbers(subject);
	return { everyUser: numbers.every((number) => shown.has(number)) ? 'yes' : 'no' };
};

export const devices: Ask = async (subject) => {
	const found = (await dnsOf(subject)).flatMap((dn) => listOf(dn.devices));
	if (found.length === 0) throw new Unanswered('No phone or app is registered');
	const ids = found.map(({ device_id: id }) => String(id));
	return {
		fields: names(found.flatMap(Object.keys)),
		areSipContacts: ids.every((id) => /^sips?:/.test(id)),
		someOnLoopback: ids.some((id) => id.includes('@127.0.0.1')),
	};
};

/** Fields of a participant without which something of ours would be missing. */
const LEG_FIELDS = [
	'callid',
	'device_id',
	'direct_control',
	'dn',
	'id',
	'legid',
	'on_behalf_of_dn',
	'on_behalf_of_type',
	'originated_by_dn',
	'originated_by_type',
	'party_caller_id',
	'party_caller_name',
	'party_did',
	'party_dn',
	'party_dn_type',
	'referred_by_dn',
	'referred_by_type',
	'status',
];

export const legs: Ask = async (subject) => {
	const found = await legsOf(subject);
	const fields = names(
		found.flatMap((leg) => Object.keys(leg).filter((name) => name !== 'ownType')),
	);
	return {
		missing: LEG_FIELDS.filter((field) => !fields.includes(field)),
		further: fields.filter((field) => !LEG_FIELDS.includes(field)),
		statuses: known(
			found.map(({ status }) => status),
			['Dialing', 'Ringing', 'Connected'],
		),
		partyTypes: dnTypes(found.map(({ party_dn_type: type }) => type)),
	};
};

export const dialledDid: Ask = async (subject) => {
	const outside = (await legsOf(subject)).filter(
		({ party_dn_type: type }) => type === 'Wexternalline',
	);
	if (outside.length === 0) throw new Unanswered('There is no call with the outside');
	const isFilled = (ownType: string) => {
		const its = outside.filter((leg) => leg.ownType === ownType);
		if (its.length === 0) return undefined;
		return its.some(({ party_did: did }) => did !== '' && did !== undefined) ? 'filled' : 'empty';
	};
	const facts = { extensions: isFilled('Wextension'), routePoints: isFilled('Wroutepoint') };
	return Object.fromEntries(
		Object.entries(facts).filter((entry): entry is [string, string] => entry[1] !== undefined),
	);
};

export const strangers: Ask = async (subject) => {
	const shown = new Set((await dnsOf(subject)).map(({ dn }) => dn));
	const other = (await userNumbers(subject)).find((number) => !shown.has(number));
	if (other === undefined) throw new Unanswered('The client sees the DNs of all users');
	const path = `/callcontrol/${encodeURIComponent(other)}/participants`;
	return { list: verdict(await subject.asker.get(path)) };
};

async function messagesOf({ heard, listenMs }: Subject): Promise<Entity[]> {
	const { messages, ended, isOpen } = await heard;
	if (!isOpen)
		throw new Unanswered(`The socket does not open: ${ended?.status ?? ended?.kind ?? 'time-out'}`);
	if (messages.length === 0) {
		throw new Unanswered(
			`Nothing happened for ${listenMs / 1000} s: make a call while the report runs`,
		);
	}
	return messages.map((text) => {
		try {
			const message: unknown = JSON.parse(text);
			return typeof message === 'object' && message !== null ? (message as Entity) : {};
		} catch {
			return {};
		}
	});
}

const eventOf = (message: Entity): Entity => (message.event ?? message.Event ?? {}) as Entity;

export const envelope: Ask = async (subject) => {
	const messages = await messagesOf(subject);
	const events = messages.map(eventOf);
	const { messages: texts } = await subject.heard;
	const entities = events.map(({ entity }) => parseEntity(String(entity))?.kind ?? '(other)');
	return {
		keys: names(messages.flatMap(Object.keys)),
		eventKeys: names(events.flatMap(Object.keys)),
		typeIs: known(
			events.map(({ event_type: type }) => kindOf(type)),
			['number', 'text'],
		),
		dataOfChanges: known(
			events
				.filter(({ event_type: type }) => type === 0 || type === 1)
				.map(({ attached_data: data }) => kindOf(data)),
			['null', 'object'],
		),
		entities: names(entities),
		binary: texts.some((text) => text === ''),
	};
};

export const sequences: Ask = async (subject) => {
	const numbers = (await messagesOf(subject)).map(({ sequence }) => Number(sequence));
	if (numbers.length < 2) throw new Unanswered('Only one message came');
	const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
	return { growsByOne: steps.every((step) => step === 1), grows: steps.every((step) => step > 0) };
};

export const eventTypes: Ask = async (subject) => {
	const found = (await messagesOf(subject)).map((message) => Number(eventOf(message).event_type));
	return {
		types: [...new Set(found.filter((type) => type >= 0 && type < 100))].sort((a, b) => a - b),
	};
};

export const CALL_STATES = ['Dialing', 'Ringing', 'Routing', 'Talking', 'Transferring'];

async function activeCalls(subject: Subject): Promise<Entity[]> {
	await firstRow(subject, '/ActiveCalls', '$top=100');
	return await subject.asker.rows('/ActiveCalls', '$top=100');
}

export const activeCallIds: Ask = async (subject) => {
	const active = new Set((await activeCalls(subject)).map(({ Id }) => Id));
	const live = (await legsOf(subject)).map(({ callid }) => callid);
	return { same: live.every((id) => active.has(id)) };
};

export const activeCallStates: Ask = async (subject) => ({
	statuses: wordsOf(await activeCalls(subject), 'Status', CALL_STATES),
});

export const activeCallParties: Ask = async (subject) => {
	const calls = await activeCalls(subject);
	const isNumbered = (text: unknown) =>
		/^[+*]?\d+/.test(String(text)) || /^[A-Z]{2,4}\d+/.test(String(text));
	return {
		caller: calls.every(({ Caller }) => isNumbered(Caller)),
		callee: calls.every(({ Callee }) => isNumbered(Callee)),
	};
};
