import { inspect } from 'node:util';
import { pcmFromWav } from '../../../lib/audio/wav';
import { parseEntity, parseFrame } from '../../../lib/callcontrol/link/frames';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { csvLines } from '../../../lib/csv';
import { fitsPattern } from '../../../lib/globs';
import { createPbxClient } from '../../../lib/http/client';
import { closeDispatchers } from '../../../lib/http/dispatchers';
import { ThreeCxError } from '../../../lib/http/errors';
import { entityKey } from '../../../lib/odata/entityKey';
import { filter, rawFilter, type Condition } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { dialled } from '../../../lib/phone/dialled';
import { normalise, sameNumber } from '../../../lib/phone/e164';
import { buildCatalogue, CatalogueError } from '../../../lib/xapi/catalogueFromOpenApi';
import { durationSeconds } from '../../../lib/xapi/duration';
import { getEntity, listEntities } from '../../../lib/xapi/entities';
import { parseYaml } from '../../../lib/xapi/yaml';
import { startServer, type TestServer } from '../../support/httpServer';
import {
	Chance,
	description,
	frame,
	json,
	mangled,
	refusal,
	SECRET,
	text,
	wav,
} from './generators';

/** What is fed: each target takes an input made of a seed, and gives what people could see of it. */
export interface Target {
	/** Share of all inputs, in percent. */
	share: number;
	/** @returns what came of it; throws only what is no answer to the input */
	feed(chance: Chance): Promise<unknown> | unknown;
}

/** Mistakes of a program. The client takes them for trouble of the network, and keeps them as the cause. */
const MISTAKES = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'URIError']);

const isMistake = (error: unknown): boolean =>
	error instanceof Error && (MISTAKES.has(error.name) || isMistake(error.cause));

/** Runs it; a refusal in our words is a result like any other, unless a mistake of ours is behind it. */
async function outcome(run: () => unknown): Promise<unknown> {
	const attempt = async () => await run();
	return await attempt().catch((error: unknown) => {
		const isOurs = error instanceof ThreeCxError || error instanceof CatalogueError;
		if (isOurs && !isMistake(error)) return error;
		throw error;
	});
}

/** A PBX that answers with what it is told, and sends the token that it got, too. */
class Parrot {
	private server: Promise<TestServer> | undefined;

	private answers: Array<{ status: number; body: string }> = [];

	async ask(answers: Array<{ status: number; body: string }>) {
		this.answers = answers;
		this.server ??= startServer(({ headers }, response) => {
			const { status, body } = this.answers.shift() ?? { status: 200, body: '{"value":[]}' };
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(body.replaceAll('TOKEN', headers.authorization ?? ''));
		});
		const server = await this.server;
		server.received.length = 0;
		return createPbxClient({
			connection: { origin: server.origin, ignoreSslIssues: false },
			tokens: {
				get: async () => await Promise.resolve(SECRET),
				renew: async () => await Promise.resolve({ value: SECRET, isLast: true }),
			},
			retry: { attempts: 1, baseMs: 0, capMs: 0 },
			timeoutMs: 5_000,
		});
	}

	async close() {
		await closeDispatchers();
		await (await this.server)?.close();
	}
}

const parrot = new Parrot();

/** Ends what the targets have opened. */
export const closeTargets = async (): Promise<void> => await parrot.close();

const TYPES = [
	'string',
	'int32',
	'date-time',
	'date',
	'time',
	'duration',
	'uuid',
	'boolean',
	'double',
	'PeerType',
	'X[]',
];
const ENUMS = { PeerType: ['Extension', 'Queue'] };
const COUNTRIES = [undefined, 'DE', 'GB', 'US', 'XX', '__proto__'];

/** Nothing that is typed into a filter may be seen as something else than a value. */
function filters(chance: Chance): unknown {
	const [pattern, given] = [text(chance), text(chance)].map((each) => each.slice(0, 256));
	const condition = () =>
		({
			field: chance.pick(['Number', 'Rights/RoleName', text(chance, 2)]),
			type: chance.pick(TYPES),
			operator: chance.pick(['equals', 'contains', 'in', 'between', 'isEmpty', 'constructor']),
			value: chance.pick([text(chance, 3), json(chance, 1), [text(chance, 1)]]),
			value2: text(chance, 1),
			ignoreCase: chance.rarely(2),
			dayOnly: chance.rarely(6),
		}) as Condition;
	const match = chance.pick(['all', 'any', 'constructor', '']) as 'all';
	fitsPattern(given!, pattern!);
	return [
		() => rawFilter(text(chance)),
		() => filter({ match, conditions: [condition(), { match, conditions: [condition()] }] }, ENUMS),
		() => entityKey(json(chance, 1), chance.pick(TYPES), ENUMS),
		() =>
			queryString({
				search: text(chance, 3),
				orderBy: [{ field: 'A', direction: text(chance, 1) as 'asc' }],
			}),
		() => [
			...csvLines([json(chance, 1) as Record<string, unknown>].filter(Boolean), ['value', 'Id']),
		],
	];
}

/** An answer to each of the calls that read one. */
async function answers(chance: Chance): Promise<unknown> {
	const answer = () => {
		const status = chance.pick([200, 200, 200, 201, 400, 401, 403, 404, 422, 424, 500, 503, 302]);
		const body = mangled(chance, status < 400 ? json(chance) : refusal(chance));
		return { status, body: chance.rarely(3) ? body.replaceAll(SECRET, 'TOKEN') : body };
	};
	const client = await parrot.ask(Array.from({ length: 4 }, answer));
	const control = createCallControl(client);
	// What a person typed may be said to that person; the PBX may echo the secret only.
	const typed = () => text(chance, 2).replaceAll(SECRET, '7');
	const name = chance.pick(['100', '100', typed()]);
	return await outcome(
		chance.pick([
			async () =>
				await listEntities(client, '/Users', { maxPages: 20, limit: chance.pick([1, 50, 1_000]) }),
			async () => await getEntity(client, '/Users(1)'),
			async () => await control.list(),
			async () => await control.participants(name),
			async () => await control.makeCall(name, { destination: typed() }),
			async () => await control.act(name, 1, 'drop'),
		]),
	);
}

export const TARGETS: Readonly<Record<string, Target>> = {
	frames: {
		share: 32,
		feed: (chance) => {
			const message = frame(chance);
			// Never throws, whatever comes: what it says of a message stays within the process.
			parseFrame(message);
			parseEntity(text(chance));
		},
	},
	filters: {
		share: 20,
		feed: async (chance) => {
			// What a person typed may be said to that person: no output of the PBX.
			for (const run of filters(chance) as Array<() => unknown>) await outcome(run);
		},
	},
	numbers: {
		share: 20,
		feed: (chance) => {
			const [one, other] = [text(chance), text(chance, 3)];
			const country = chance.pick(COUNTRIES);
			normalise(one, country);
			sameNumber(one, other, country);
			dialled(one);
			durationSeconds(one);
		},
	},
	swagger: {
		share: 10,
		feed: async (chance) => {
			const document = description(chance);
			await outcome(() => buildCatalogue(document));
			if (!chance.rarely(400)) return;
			const yaml = chance.rarely(2)
				? mangled(chance, document)
				: `a: &a [${'*a,'.repeat(chance.below(50))}]`;
			await parseYaml(yaml, 5_000).catch(() => undefined);
		},
	},
	wavs: { share: 8, feed: async (chance) => void (await outcome(() => pcmFromWav(wav(chance)))) },
	answers: { share: 10, feed: answers },
};

/** @returns whether the secret can be seen in what came of an input */
export const isLeaked = (result: unknown): boolean =>
	result !== undefined &&
	`${inspect(result, { depth: 20, maxStringLength: 100_000, maxArrayLength: 1_000 })}${result instanceof Error ? `${result.stack}` : ''}`.includes(
		SECRET,
	);
