/** Inputs made of a seed: the same seed gives the same input, on every machine. */

/** A source of chance (mulberry32). */
export class Chance {
	constructor(private state: number) {}

	/** @returns a number in [0, 1) */
	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	/** @returns a whole number from 0 to below `end` */
	below(end: number): number {
		return Math.floor(this.next() * end);
	}

	pick<T>(from: readonly T[]): T {
		return from[this.below(from.length)]!;
	}

	/** @returns true once in `times` times */
	rarely(times: number): boolean {
		return this.below(times) === 0;
	}
}

/** What the PBX gets from us and may send back; in no error and no output may it be seen. */
export const SECRET = ['fuzz5ecret', 'Zk3pQ9vX1nB7'].join('-');

/** Pieces of text that mean something to somebody. */
const PIECES = [
	'100',
	'0049',
	'+49',
	'030',
	'901820',
	'*',
	'?',
	'#',
	'(0)',
	' ',
	'-',
	'/',
	'.',
	'..',
	'%2e',
	'%',
	'%zz',
	'\0',
	'\n',
	"'",
	"''",
	'"',
	'\\',
	'(',
	')',
	'{',
	'}',
	'[',
	']',
	',',
	':',
	';ext=5',
	'@pbx',
	'sip:',
	'tel:',
	'anonymous',
	'x12',
	'constructor',
	'__proto__',
	'toString',
	'hasOwnProperty',
	'WARNINGS.XAPI.REQUIRED',
	'Number:\n',
	'eq',
	' and ',
	'not ',
	'\ud800',
	'\udc00',
	'😀',
	'ü',
	'１２',
	'\u202a',
	'\u2066',
	'\u00a0',
	'null',
	'true',
	'NaN',
	'1e999',
	'-1',
	'4294967296',
	'PT1M',
	'2026-11-27T10:00:00Z',
	'2026-02-31',
	'$filter=',
	'&',
	'=',
	'+',
	'=HYPERLINK(',
	SECRET,
];

/** @returns a text: pieces, one piece over and over, or characters */
export function text(chance: Chance, most = 12): string {
	if (chance.rarely(12)) return SECRET;
	if (chance.rarely(40)) return chance.pick(PIECES).repeat(chance.below(20_000));
	const length = chance.below(most + 1);
	let made = '';
	for (let at = 0; at < length; at++) {
		made += chance.rarely(3) ? String.fromCharCode(chance.below(256)) : chance.pick(PIECES);
	}
	return made;
}

/** Names that the readers look for. */
const NAMES = [
	'value',
	'error',
	'message',
	'code',
	'details',
	'target',
	'odata.error',
	'@odata.count',
	'@odata.nextLink',
	'Id',
	'Number',
	'sequence',
	'event',
	'event_type',
	'EventType',
	'entity',
	'attached_data',
	'dtmf_input',
	'dn',
	'type',
	'devices',
	'participants',
	'id',
	'status',
	'callid',
	'legid',
	'party_caller_id',
	'finalstatus',
	'reason',
	'reasontext',
	'result',
	'device_id',
	'__proto__',
	'constructor',
	'length',
	'lang',
	'AuthPassword',
	'access_token',
];

/** @returns any JSON value, mostly with names that mean something */
export function json(chance: Chance, depth = 4): unknown {
	const kind = chance.below(depth > 0 ? 9 : 6);
	if (kind === 0) return null;
	if (kind === 1) return chance.rarely(2);
	if (kind === 2)
		return chance.pick([0, 1, -1, 2, 3, 1e12, 4e9, 0.5, 2 ** 53, -(2 ** 31), chance.below(1_000)]);
	if (kind < 6) return text(chance, 3);
	const length = chance.below(5);
	if (kind === 6) return Array.from({ length }, () => json(chance, depth - 1));
	return Object.fromEntries(
		Array.from({ length }, () => [
			chance.rarely(8) ? text(chance, 2) : chance.pick(NAMES),
			json(chance, depth - 1),
		]),
	);
}

/** @returns the text of a value, now and then cut, doubled, or with something in its middle */
export function mangled(chance: Chance, value: unknown): string {
	const whole = JSON.stringify(value) ?? '';
	const at = chance.below(whole.length + 1);
	if (chance.rarely(6)) return whole.slice(0, at);
	if (chance.rarely(10)) return whole.slice(0, at) + text(chance, 2) + whole.slice(at);
	if (chance.rarely(60)) return `${'[{"value":'.repeat(chance.below(5_000))}${whole}`;
	return whole;
}

/** @returns the body of an error, more or less */
export function refusal(chance: Chance): unknown {
	const part = () => (chance.rarely(3) ? json(chance, 2) : text(chance, 3));
	const details = () =>
		chance.rarely(4)
			? json(chance, 2)
			: Array.from({ length: chance.below(4) }, () =>
					chance.rarely(4) ? json(chance, 1) : { code: part(), message: part(), target: part() },
				);
	const error = { code: part(), message: part(), details: details() };
	return chance.pick([
		{ error },
		{ error: part() },
		{ 'odata.error': error },
		{ reasontext: part() },
		part(),
	]);
}

/** @returns a message of the socket, more or less */
export function frame(chance: Chance): string {
	if (chance.rarely(4)) return mangled(chance, json(chance));
	const dn = chance.rarely(3) ? text(chance, 2) : '100';
	const list = chance.pick(['participants', 'devices', 'x', '']);
	return mangled(chance, {
		sequence: chance.pick([1, '2', -1, 1e300, null, chance.below(100)]),
		event: {
			event_type: chance.pick([
				0,
				1,
				2,
				3,
				4,
				'0',
				'Upset',
				'constructor',
				'__proto__',
				null,
				text(chance, 1),
			]),
			entity: chance.pick([
				`/callcontrol/${dn}`,
				`/callcontrol/${dn}/${list}/${text(chance, 1)}`,
				`/callcontrol/${dn}/${list}/7`,
			]),
			attached_data: chance.pick([json(chance, 2), { dtmf_input: text(chance, 1) }]),
		},
	});
}

/** @returns an API description, more or less */
export function description(chance: Chance): unknown {
	const names = Array.from({ length: 1 + chance.below(8) }, (_, at) =>
		chance.pick([`T${at}`, `Pbx.T${at}`, 'constructor', '__proto__']),
	);
	const ref = () => ({
		$ref: chance.pick([
			`#/components/schemas/${chance.pick(names)}`,
			'#/components',
			'#',
			`#/${text(chance, 1)}`,
			'#/paths/constructor',
		]),
	});
	const schema = (depth: number): unknown =>
		chance.rarely(6)
			? json(chance, 2)
			: {
					...(chance.rarely(2) && {
						type: chance.pick(['object', 'array', 'string', 'integer', 'constructor', 5]),
					}),
					...(chance.rarely(3) && { allOf: Array.from({ length: chance.below(4) }, ref) }),
					...(chance.rarely(4) && depth > 0 && { items: schema(depth - 1) }),
					...(chance.rarely(4) && { enum: chance.pick([['a', 1, null], 'x', [json(chance, 1)]]) }),
					...(chance.rarely(3) &&
						depth > 0 && {
							properties: { [chance.pick(NAMES)]: schema(depth - 1), value: schema(depth - 1) },
						}),
					...(chance.rarely(6) && ref()),
				};
	const answer = () => ({
		'200': chance.rarely(3)
			? json(chance, 2)
			: { content: { 'application/json': { schema: schema(2) } } },
	});
	const operation = () => ({
		operationId: chance.pick(['Same', 'constructor', text(chance, 1), undefined]),
		tags: chance.pick([['Users'], [], null, [json(chance, 1)]]),
		parameters: chance.pick([
			[],
			[{ name: 'Id', in: 'path', schema: schema(1) }],
			json(chance, 2),
			[ref()],
		]),
		responses: answer(),
		requestBody: chance.rarely(2)
			? { content: { 'application/json': { schema: schema(2) } } }
			: undefined,
		'x-ms-docs-operation-type': chance.pick(['function', 'action', 'constructor', undefined]),
	});
	const paths = Object.fromEntries(
		Array.from({ length: 1 + chance.below(6) }, (_, at) => [
			chance.pick([`/Users${at}`, `/Users({Id})`, `/A(${text(chance, 1)})`, text(chance, 2)]),
			chance.rarely(8)
				? json(chance, 2)
				: {
						[chance.pick(['get', 'post', 'patch', 'constructor', 'x'])]: operation(),
						get: operation(),
					},
		]),
	);
	return {
		openapi: chance.rarely(20) ? json(chance, 1) : '3.0.4',
		info: chance.rarely(10) ? json(chance, 1) : { version: '20' },
		paths,
		components: { schemas: Object.fromEntries(names.map((name) => [name, schema(3)])) },
	};
}

/** @returns a WAV file, more or less */
export function wav(chance: Chance): Buffer {
	const chunk = (name: string, content: Buffer, length = content.length) => {
		const head = Buffer.alloc(8);
		head.write(name, 'latin1');
		head.writeUInt32LE(length, 4);
		return Buffer.concat([head, content]);
	};
	const length = chance.below(2_000);
	const noise = Buffer.from(Array.from({ length }, () => chance.below(256)));
	const format = Buffer.alloc(chance.pick([16, 18, 40, 4, 0]));
	const code = chance.pick([1, 1, 1, 3, 3, 6, 7, 0xfffe, 85, 0]);
	const bits = chance.pick([8, 16, 24, 32, 64, 4, 1, 0, 65_535]);
	const channels = chance.pick([1, 1, 2, 6, 8, 0, 65_535]);
	if (format.length >= 16) {
		format.writeUInt16LE(code, 0);
		format.writeUInt16LE(channels, 2);
		format.writeUInt32LE(
			chance.pick([8_000, 8_000, 16_000, 44_100, 48_000, 192_000, 4_000, 1, 0, 2 ** 32 - 1]),
			4,
		);
		format.writeUInt16LE(bits, 14);
	}
	if (format.length === 40) format.writeUInt16LE(chance.pick([1, 3, 6, 7]), 24);
	const odd = () =>
		chunk(
			chance.pick(['cue ', 'smpl', 'LIST', 'fact', 'bext', 'ds64']),
			noise.subarray(0, 64),
			chance.pick([64, 3, 2 ** 31]),
		);
	const file = Buffer.concat([
		Buffer.from(
			chance.pick([
				'RIFF\0\0\0\0WAVE',
				'RIFF\0\0\0\0WAVE',
				'RF64\0\0\0\0WAVE',
				'RIFX\0\0\0\0WAVE',
				'ID3',
			]),
			'latin1',
		),
		...(chance.rarely(3) ? [odd()] : []),
		chunk('fmt ', format),
		...(chance.rarely(4) ? [odd()] : []),
		chunk('data', noise, chance.pick([length, length, 2 ** 32 - 1, 0, 7])),
	]);
	if (chance.rarely(5)) file[chance.below(file.length)] = chance.below(256);
	return chance.rarely(8) ? file.subarray(0, chance.below(file.length)) : file;
}
