import type { IDataObject, INodeParameters, INodePropertyOptions } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { callKeyOf } from '../../lib/callKey';
import { startPbx, VERSION, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext, runNode, type NodeRunInput } from '../support/n8n';
import { listSearch, loadOptions } from '../../nodes/ThreeCx/methods';

/** Contacts, calls, recordings, reports, chats, backups and logs: the 3CX node in n8n's engine against the simulated PBX. */

let pbx: Pbx;
let credentials: CredentialStore;

beforeAll(async () => {
	pbx = await startPbx({ seedCallLogRows: 1400 });
	credentials = new CredentialStore({
		pbxUrl: pbx.url,
		clientId: pbx.defaultClient.clientId,
		clientSecret: pbx.defaultClient.clientSecret,
	});
});

afterEach(() => pbx.faults.clear());

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

type More = Partial<NodeRunInput>;

/** Runs an operation and gives its items; throws what the node threw. */
async function items(
	resource: string,
	operation: string,
	parameters: INodeParameters = {},
	more: More = {},
) {
	const output = await runNode({
		parameters: { resource, operation, ...parameters },
		credentials,
		...more,
	});
	if (output.error) throw output.error;
	return output.items;
}

const run = async (...args: Parameters<typeof items>): Promise<IDataObject[]> =>
	(await items(...args)).map(({ json }) => json);

/** What the node refuses an operation with. */
const refusal = async (...args: Parameters<typeof run>) =>
	await run(...args).then(
		(rows) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(rows)}`)),
		(error: { message: string; description?: string; httpCode?: string }) => error,
	);

const byId = (value: string | number) => ({ __rl: true, mode: 'byId', value: String(value) });

/** The only file of the only item, whole. */
async function file(...args: Parameters<typeof items>) {
	const [item, ...others] = await items(...args);
	expect(others).toEqual([]);
	const [[property, binary] = ['', undefined]] = Object.entries(item?.binary ?? {});
	return {
		json: item?.json,
		property,
		name: binary?.fileName,
		type: binary?.mimeType,
		content: Buffer.from(binary?.data ?? '', 'base64'),
	};
}

/** Requests since `from` whose path matches. */
const sent = (from: number, path: RegExp) =>
	pbx.requests.slice(from).filter((request) => path.test(request.path));

const last30 = { period: 'last30Days' };

describe('contacts', () => {
	const add = async (fields: INodeParameters) =>
		(await run('contact', 'create', fields))[0]?.Id as number;

	test('are found by any notation of any of their numbers, and by no other', async () => {
		const first = await add({
			firstName: 'Nora',
			additionalFields: { mobile2: '(0161) 496 0777' },
		});
		const second = await add({ firstName: 'Max', phoneNumber: '+49 30 1234577' });
		const find = async (number: string, defaultCountry = 'GB') =>
			await run('contact', 'findByNumber', { number, defaultCountry });
		for (const number of ['+441614960777', '0161 4960777', '00441614960777', '441614960777']) {
			expect(await find(number)).toEqual([
				expect.objectContaining({ Id: first, FirstName: 'Nora', matchedFields: ['Mobile2'] }),
			]);
		}
		expect(await find('+49301234577')).toEqual([
			expect.objectContaining({ Id: second, matchedFields: ['PhoneNumber'] }),
		]);
		// The same last digits in another country.
		expect(await find('+33161496077')).toEqual([{ found: false }]);
		expect(await find('anonymous')).toEqual([{ found: false }]);
		// A hidden caller does not end the workflow, unless somebody wants that.
		expect(await find(' ')).toEqual([{ found: false }]);
		const choosing = (ifNoneFound: string, number: string) => ({
			ifNoneFound,
			number,
			defaultCountry: 'GB',
		});
		expect(await run('contact', 'findByNumber', choosing('nothing', ' '))).toEqual([]);
		expect(await run('contact', 'findByNumber', choosing('nothing', '+33161496077'))).toEqual([]);
		expect(await refusal('contact', 'findByNumber', choosing('error', ' '))).toMatchObject({
			message: 'There is no number to look for',
		});
		expect(
			await refusal('contact', 'findByNumber', choosing('error', '+33161496077')),
		).toMatchObject({
			message: 'This PBX has no contact with the number +33161496077',
			description: expect.stringContaining('If None Found'),
		});
		const three = await run(
			'contact',
			'findByNumber',
			{ number: '={{ $json.from }}', defaultCountry: 'GB' },
			{
				items: [{ from: '+441614960777' }, { from: '' }, { from: '+49301234577' }],
			},
		);
		expect(three.map(({ found, Id }) => [found, Id])).toEqual([
			[true, first],
			[false, undefined],
			[true, second],
		]);
		expect(await run('contact', 'deleteMany', { ids: [first, second, 999_999] })).toEqual([
			expect.objectContaining({ Id: first, deleted: true }),
			expect.objectContaining({ Id: second, deleted: true }),
			{ Id: 999_999, deleted: false },
		]);
		expect(await find('+441614960777')).toEqual([{ found: false }]);
	});

	test.each([
		['', { CountryName: 'United Kingdom' }, 1],
		['', { CountryName: 'Germany' }, 0],
		['', {}, 0],
		['none', { CountryName: 'United Kingdom' }, 0],
		['GB', { CountryName: 'Germany' }, 1],
	])('of the country %j on a PBX with %j: %d', async (defaultCountry, settings, found) => {
		const id = await add({ firstName: 'Ann', phoneNumber: '+441614960781' });
		Object.assign(pbx.store.singleton('E164Settings'), { CountryName: undefined, ...settings });
		expect(
			await run('contact', 'findByNumber', { number: '0161 4960781', defaultCountry }),
		).toEqual([expect.objectContaining({ found: found === 1 })]);
		await run('contact', 'deleteMany', { ids: [id] });
	});

	test('of a country that there is not are refused', async () => {
		expect(
			await refusal('contact', 'findByNumber', { number: '0161', defaultCountry: 'XX' }),
		).toMatchObject({ message: '"XX" under "Default Country" is not a country' });
	});

	test('what 3CX itself overlooks is found, and what it takes for the same is not', async () => {
		const id = await add({ firstName: 'Lea', additionalFields: { business: '0161/496 07 79' } });
		const find = async (number: string) =>
			await run('contact', 'findByNumber', { number, defaultCountry: 'GB' });
		// Its last nine digits are those of the contact, and that is all the sandbox compares.
		const before = pbx.requests.length;
		expect(await find('+49614960779')).toEqual([{ found: false }]);
		expect(sent(before, /GetContactsByNumber/)).toHaveLength(1);
		pbx.faults.next({ path: /GetContactsByNumber/, status: 200, body: { value: [] } });
		expect(await find('+441614960779')).toEqual([
			expect.objectContaining({ Id: id, matchedFields: ['Business'] }),
		]);
		await run('contact', 'delete', { contact: byId(id) });
	});

	test('a contact shows the phonebook that it belongs to', async () => {
		const id = await add({
			firstName: 'Crm',
			phoneNumber: '+441614960778',
			additionalFields: { contactType: 'CRM' },
		});
		expect(await run('contact', 'get', { contact: byId(id) })).toEqual([
			expect.objectContaining({ ContactType: 'CRM' }),
		]);
		await run('contact', 'delete', { contact: byId(id) });
	});
});

describe('the call log', () => {
	const legs = async (parameters: INodeParameters = {}, more: More = {}) =>
		await run(
			'callLog',
			'getAll',
			{ ...last30, itemPer: 'leg', returnAll: true, ...parameters },
			more,
		);
	const calls = async (parameters: INodeParameters = {}) =>
		await run('callLog', 'getAll', {
			...last30,
			returnAll: true,
			includeLegs: true,
			...parameters,
		});

	test('legs come whole over several pages, in the order that was asked for', async () => {
		const from = pbx.requests.length;
		const rows = await legs({ order: 'oldest' });
		expect(rows).toHaveLength(1400);
		const ids = rows.map(({ SegmentId }) => SegmentId as number);
		expect(ids).toEqual([...ids].sort((a, b) => a - b));
		expect(new Set(ids).size).toBe(1400);
		// 500 a page, not 100.
		expect(sent(from, /GetCallLogData/)).toHaveLength(3);
		expect(Object.keys(rows[0] ?? {})).toEqual(expect.arrayContaining(['RingingSeconds']));
		expect(typeof rows[0]?.TalkingSeconds).toBe('number');
	});

	test('the PBX sends of a leg only what is shown of it', async () => {
		const from = pbx.requests.length;
		const [simple] = await legs({ returnAll: false, limit: 1 });
		const [whole] = await legs({ returnAll: false, limit: 1, simplify: false });
		const [short, long] = sent(from, /GetCallLogData/);
		expect(short?.query).toMatch(/\$select=SegmentId%2C.*%2CRingingDuration%2C/);
		expect(long?.query).not.toContain('$select');
		expect(Object.keys(whole ?? {}).length).toBeGreaterThan(Object.keys(simple ?? {}).length);
	});

	test('the newest come first, as many as asked for', async () => {
		const rows = await legs({ returnAll: false, limit: 3 });
		const newest = (await legs({ order: 'oldest' })).slice(-3).reverse();
		expect(rows).toEqual(newest);
	});

	test('whole calls hold every leg once', async () => {
		const whole = await calls();
		const inside = whole.flatMap((call) => call.legs as IDataObject[]);
		const single = await legs();
		const ids = (rows: IDataObject[]) =>
			rows.map(({ SegmentId }) => SegmentId as number).sort((a, b) => a - b);
		expect(ids(inside)).toEqual(ids(single));
		const queued = whole.find(
			({ direction, answered, queue }) =>
				direction === 'inbound' && queue !== undefined && answered === true,
		);
		const inQueue = queued?.legs as IDataObject[];
		expect(inQueue[0]).toMatchObject({ CallType: 'Queue', DestinationDn: queued?.to });
		expect(inQueue.find(({ DestinationDn }) => DestinationDn === queued?.answeredBy)).toMatchObject(
			{
				Answered: true,
				TalkingSeconds: queued?.talkingSeconds,
			},
		);
		expect(await calls({ returnAll: false, limit: 5 })).toEqual(whole.slice(0, 5));
	});

	const concerns = (extension: string) => (row: IDataObject) =>
		row.SourceDn === extension || row.DestinationDn === extension;

	const isQueueLeg = (queue: string) => (row: IDataObject) =>
		row.CallType === 'Queue' && row.DestinationDn === queue;

	const filters: Array<[string, INodeParameters, (row: IDataObject) => boolean]> = [
		['inbound', { direction: 'Inbound' }, ({ Direction }) => Direction === 'inbound'],
		['internal', { direction: 'Internal' }, ({ Direction }) => Direction === 'internal'],
		['unanswered', { answered: 'unanswered' }, ({ Answered }) => Answered !== true],
		['answered', { answered: 'answered' }, ({ Answered }) => Answered === true],
		['of an extension', { extension: '104' }, concerns('104')],
		['of a queue', { queue: '800' }, isQueueLeg('800')],
		['recorded', { recorded: true }, ({ DstRecId }) => Number(DstRecId) > 0],
		[
			'all at once',
			{ direction: 'Inbound', answered: 'answered', extension: '104' },
			(row) => row.Direction === 'inbound' && row.Answered === true && concerns('104')(row),
		],
	];

	test.each(filters)('legs: %s', async (_, callFilters, wanted) => {
		const from = pbx.requests.length;
		const rows = await legs({ callFilters });
		expect(sent(from, /GetCallLogData/)[0]?.query).toContain('$filter=');
		expect(rows.length).toBeGreaterThan(0);
		expect(rows).toEqual((await legs()).filter(wanted));
	});

	test('whole calls are filtered whole', async () => {
		const whole = await calls();
		const missed = await calls({ callFilters: { direction: 'Inbound', answered: 'unanswered' } });
		expect(missed.length).toBeGreaterThan(0);
		expect(missed).toEqual(
			whole.filter(({ direction, answered }) => direction === 'inbound' && answered === false),
		);
		const recorded = await calls({ callFilters: { recorded: true } });
		expect(recorded.length).toBeGreaterThan(5);
		expect(recorded).toEqual(
			whole.filter((call) => (call.legs as IDataObject[]).some(({ DstRecId }) => DstRecId)),
		);
		const withAgent = await calls({ callFilters: { extension: '104' } });
		expect(withAgent).toEqual(
			whole.filter((call) => (call.legs as IDataObject[]).some(concerns('104'))),
		);
		const queued = await calls({ callFilters: { queue: '800' } });
		expect(queued.length).toBeGreaterThan(0);
		expect(queued).toEqual(
			whole.filter((call) => (call.legs as IDataObject[]).some(isQueueLeg('800'))),
		);
	});

	test('calls and legs of a number are found in any notation, whoever called', async () => {
		Object.assign(pbx.store.singleton('E164Settings'), { CountryName: 'United Kingdom' });
		const single = await legs();
		const number = single.find(
			({ Direction, CallType }) => Direction === 'inbound' && CallType !== 'Queue',
		)?.SourceCallerId as string;
		expect(number).toMatch(/^\+44\d+$/);
		const national = `0${number.slice(3, 6)} ${number.slice(6)}`;
		const isOf = (row: IDataObject) =>
			row.SourceCallerId === number || row.DestinationCallerId === number;
		const expected = single.filter(isOf);
		const ofCalls = (await calls()).filter((call) => (call.legs as IDataObject[]).some(isOf));
		expect(ofCalls.length).toBeGreaterThan(0);
		for (const written of [number, national, `00${number.slice(1)}`, `0800 1, ${national}`]) {
			expect(await legs({ callFilters: { number: written } })).toEqual(expected);
			expect(await calls({ callFilters: { number: written } })).toEqual(ofCalls);
		}
		const first = { returnAll: false, limit: 1 };
		expect(await legs({ ...first, callFilters: { number } })).toEqual(expected.slice(0, 1));
		expect(await legs({ callFilters: { number: '0999 9*' } })).toEqual([]);
		// The same digits in another country.
		expect(await calls({ callFilters: { number: `+49${number.slice(3)}` } })).toEqual([]);
		// An expression that finds no number filters nothing.
		expect(await legs({ callFilters: { number: ' ' } })).toHaveLength(single.length);
	});

	test.each([
		[
			'Europe/London',
			'2026-03-29T00:00:00',
			'2026-03-30T00:00:00',
			'2026-03-29T00:00:00.000Z',
			'2026-03-29T23:00:00.000Z',
		],
		[
			'America/New_York',
			'2026-03-29T00:00:00',
			'2026-03-30T00:00:00',
			'2026-03-29T04:00:00.000Z',
			'2026-03-30T04:00:00.000Z',
		],
		[
			'America/New_York',
			'2026-03-08T00:00:00',
			'2026-03-09T00:00:00',
			'2026-03-08T05:00:00.000Z',
			'2026-03-09T04:00:00.000Z',
		],
		[
			'Europe/London',
			'2026-10-25T00:00:00',
			'2026-10-26T00:00:00',
			'2026-10-24T23:00:00.000Z',
			'2026-10-26T00:00:00.000Z',
		],
		[
			'Europe/London',
			'2026-03-29T00:00:00+05:30',
			'={{ DateTime.fromISO("2026-03-30T00:00:00Z") }}',
			'2026-03-28T18:30:00.000Z',
			'2026-03-30T00:00:00.000Z',
		],
	])('a day in %s from %s to %s', async (timezone, from, to, utcFrom, utcTo) => {
		const before = pbx.requests.length;
		await legs({ period: 'between', from, to }, { timezone });
		const [request] = sent(before, /GetCallLogData/);
		expect(request?.path).toContain(`periodFrom=${utcFrom},periodTo=${utcTo},`);
	});

	test('what is typed decides which rows come', async () => {
		const all = await legs({ order: 'oldest' });
		const [first, last] = [all[200]?.StartTime, all[210]?.StartTime];
		const rows = await legs({
			order: 'oldest',
			period: 'between',
			from: String(first),
			to: String(last),
		});
		expect(rows).toEqual(
			all.filter(
				({ StartTime }) => String(StartTime) >= String(first) && String(StartTime) < String(last),
			),
		);
	});

	test('CSV has a line for each leg, whether the PBX sends rows or a file', async () => {
		const written = await file('callLog', 'downloadCsv', last30, { timezone: 'America/New_York' });
		expect(written).toMatchObject({ name: 'call-log.csv', type: 'text/csv', property: 'data' });
		const lines = written.content.toString().trimEnd().split('\r\n');
		expect(lines).toHaveLength(1401);
		expect(lines[0]).toMatch(/^ActionDnCallerId,.*StartTime/);
		expect(pbx.requests.at(-1)?.path).toContain("clientTimeZone='America%2FNew_York'");

		const body = 'Call Time,From\r\n"1, 2",Zoë\r\n';
		pbx.faults.next({
			path: /DownloadCallLog/,
			status: 200,
			body,
			headers: {
				'Content-Type': 'text/csv; charset=utf-8',
				'Content-Disposition': 'attachment; filename="calls of march.csv"',
			},
		});
		const sentByPbx = await file('callLog', 'downloadCsv', last30);
		expect(sentByPbx).toMatchObject({ name: 'calls of march.csv', type: 'text/csv' });
		expect(sentByPbx.content.toString()).toBe(body);

		pbx.faults.next({ path: /DownloadCallLog/, malformedJson: true });
		expect(await refusal('callLog', 'downloadCsv', last30)).toMatchObject({
			message: 'The PBX sent a download that is incomplete or not a table',
		});
	});

	test.each([
		['as text by default', {}, `"'=HYPERLINK(""http://x"")"`],
		['as they are on request', { keepFormulas: true }, '"=HYPERLINK(""http://x"")"'],
	])('CSV has formulas of a caller %s', async (_, csvOptions, cell) => {
		const body = JSON.stringify({ value: [{ SourceDisplayName: '=HYPERLINK("http://x")' }] });
		const headers = { 'Content-Type': 'application/json' };
		pbx.faults.next({ path: /DownloadCallLog/, status: 200, body, headers });
		const { content } = await file('callLog', 'downloadCsv', { ...last30, csvOptions });
		expect(content.toString()).toContain(cell);
	});

	const between = (from: string, to = '') => ({ period: 'between', from, to });

	test.each([
		['no date', between('soon'), '"soon" is not a date and time, which the field "From" needs'],
		[
			'a day that does not exist',
			between('2026-02-30T00:00:00'),
			'"2026-02-30T00:00:00" is not a date and time, which the field "From" needs',
		],
		[
			'a wrong end',
			between('2026-02-01T00:00:00', 'x'),
			'"x" is not a date and time, which the field "To" needs',
		],
		['nothing', between('={{ "" }}'), 'The field "From" is empty'],
		[
			'the end first',
			between('2026-03-02T00:00:00', '2026-03-01T00:00:00'),
			'The period ends before it begins: From is not before To',
		],
		['no such period', { period: 'lastDecade' }, 'There is no period "lastDecade"'],
	])('refuses %s before anything is sent', async (_, period, message) => {
		const before = pbx.requests.length;
		expect(await refusal('callLog', 'getAll', period)).toMatchObject({ message });
		expect(sent(before, /ReportCallLogData/)).toEqual([]);
	});

	test.each([
		[504, 'The query took the PBX too long', /Shorten the date range/],
		[500, 'The PBX failed to handle the request', /date or value has the wrong format/],
		[404, 'The PBX could not find it', /a parameter may be missing/],
	])('a %s says what to do', async (status, message, hint) => {
		pbx.faults.next({ path: /GetCallLogData/, status, times: 3 });
		// One page: the tries of several side by side would share the three failures.
		const onePage = { ...last30, itemPer: 'leg', returnAll: false, limit: 1 };
		const error = await refusal('callLog', 'getAll', onePage);
		expect(error).toMatchObject({
			message: `${message} (HTTP ${status} from ${pbx.url})`,
			httpCode: String(status),
		});
		expect(error.description).toMatch(hint);
	});

	test('an item that fails leaves the others alone', async () => {
		const output = await runNode({
			parameters: {
				resource: 'callLog',
				operation: 'getAll',
				...between('={{ $json.from }}'),
				limit: 1,
			},
			credentials,
			items: [{ from: 'never' }, { from: '2020-01-01T00:00:00' }],
			onError: 'continueRegularOutput',
		});
		expect(output.error).toBeUndefined();
		expect(output.items).toHaveLength(2);
		expect(output.items[0]?.json.error).toMatch(/"never" is not a date/);
		expect(output.items[1]?.json.callId).toEqual(expect.any(String));
	});
});

describe('recordings', () => {
	test('newest first, then read, downloaded whole, transcribed, archived and deleted', async () => {
		const rows = await run('recording', 'getAll', { returnAll: true });
		expect(rows).toHaveLength(12);
		const times = rows.map(({ StartTime }) => String(StartTime));
		expect(times).toEqual([...times].sort().reverse());
		for (const row of rows) {
			expect(row).toMatchObject({
				direction: row.CallType === 'InboundExternal' ? 'inbound' : 'outbound',
				startedAt: row.StartTime,
				endedAt: row.EndTime,
			});
			// Extensions have none, nor do numbers that nobody can have.
			expect([row.FromCallerNumber, null]).toContain(row.fromE164);
			expect([row.ToCallerNumber, null]).toContain(row.toE164);
		}
		expect(new Set(rows.map(({ direction }) => direction)).size).toBe(2);
		expect(rows.some(({ fromE164 }) => fromE164) && rows.some(({ toE164 }) => toE164)).toBe(true);
		const chosen = await run('recording', 'getAll', { options: { select: ['Id'] }, limit: 1 });
		expect(Object.keys(chosen[0]!)).toEqual(['Id']);
		const recording = byId(Number(rows[3]?.Id));
		const [one] = await run('recording', 'get', { recording });
		expect(one).toMatchObject(rows[3]!);
		expect(Object.keys(one!).slice(0, 4)).toEqual(['Id', 'StartTime', 'EndTime', 'CallType']);

		const sound = await file('recording', 'download', { recording, binaryPropertyName: 'sound' });
		expect(sound).toMatchObject({
			property: 'sound',
			type: 'audio/wav',
			json: { Id: rows[3]?.Id },
		});
		expect(sound.name).toMatch(/\.wav$/);
		// A second at 8 kHz and 16 bit behind 44 bytes of header.
		expect(sound.content).toHaveLength(16_044);
		expect(sound.content.subarray(0, 4).toString()).toBe('RIFF');

		expect(await run('recording', 'transcribe', { recording })).toEqual([
			{ Id: rows[3]?.Id, transcribing: true },
		]);
		expect(await run('recording', 'archive', { recording })).toEqual([
			{ Id: rows[3]?.Id, archiving: true },
		]);
		expect(await run('recording', 'get', { recording })).toEqual([
			expect.objectContaining({
				IsTranscribed: true,
				IsArchived: true,
				Transcription: expect.stringMatching(/silence/) as string,
			}),
		]);
		expect(await run('recording', 'delete', { recording })).toEqual([
			{ Id: rows[3]?.Id, deleted: true },
		]);
		for (const operation of ['get', 'delete', 'transcribe', 'archive']) {
			expect(await refusal('recording', operation, { recording })).toMatchObject({
				message: `This PBX has no recording with ID ${Number(rows[3]?.Id)}`,
				httpCode: '404',
			});
		}
		expect(await refusal('recording', 'download', { recording })).toMatchObject({
			httpCode: '400',
		});
	});

	test('the searchable list shows when and who, newest first', async () => {
		const context = loadOptionsContext({ resource: 'recording', operation: 'get' }, credentials);
		const search = listSearch as unknown as Record<
			string,
			(this: unknown) => Promise<{ results: Array<{ name: string; value: number }> }>
		>;
		const { results } = await search.searchRecordings!.call(context);
		const rows = await run('recording', 'getAll', { returnAll: true });
		expect(results.map(({ value }) => value)).toEqual(rows.map(({ Id }) => Id));
		for (const { name } of results) expect(name).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d .+ → .+$/);
		expect(results.some(({ name }) => name.includes('undefined'))).toBe(false);
	});

	test('bytes of any value and number arrive as they are', async () => {
		const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
		const [first] = await run('recording', 'getAll', { limit: 1 });
		pbx.store.update('Recordings', pbx.store.find('Recordings', 'Id', first?.Id)!, {
			RecordingUrl: "104/ä 'x'.wav",
		});
		pbx.faults.next({
			path: /DownloadRecording/,
			status: 200,
			body: body.toString('latin1'),
			headers: { 'Content-Type': 'audio/wav' },
		});
		const sound = await file('recording', 'download', { recording: byId(Number(first?.Id)) });
		expect(sound.name).toBe(`recording-${Number(first?.Id)}.wav`);
		// The fault writes text as UTF-8.
		expect(sound.content.equals(Buffer.from(body.toString('latin1')))).toBe(true);
	});
});

test('a call of the log has the key of its live events, simplified or not', async () => {
	const callid = pbx.calls.incoming({ from: '+441632960177', to: '100' });
	pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	for (const simplify of [true, false]) {
		const [call] = await run('callLog', 'getAll', {
			period: 'today',
			returnAll: true,
			order: 'newest',
			callFilters: { number: '+441632960177' },
			simplify,
		});
		expect(call?.callKey).toBe(callKeyOf(callid, Date.now()));
	}
});

describe('reports', () => {
	const report = async (name: string, parameters: INodeParameters = {}) =>
		await run('report', 'get', { report: name, ...last30, returnAll: true, ...parameters });

	test('inbound and outbound calls are those of the call log', async () => {
		const log = await run('callLog', 'getAll', { ...last30, returnAll: true });
		const inbound = await report('InboundCalls');
		expect(inbound.map(({ StartTime }) => new Date(String(StartTime)).toISOString())).toEqual(
			log.filter(({ direction }) => direction === 'inbound').map(({ startedAt }) => startedAt),
		);
		expect(inbound[0]).toMatchObject({ TrunkNumber: '10000', TrunkName: 'Northgate Telecom' });
		expect(typeof inbound[0]?.TalkingSeconds).toBe('number');
		expect(await report('OutboundCalls', { trunks: ['10000'] })).toHaveLength(
			log.filter(({ direction }) => direction === 'outbound').length,
		);
		expect(await report('OutboundCalls', { trunks: ['10001'] })).toEqual([]);
	});

	test('numbers are chosen, and durations are seconds unless raw rows are wanted', async () => {
		const [row, ...others] = await report('ExtensionStatistics', { extensions: ['104'] });
		expect(others).toEqual([]);
		expect(row).toMatchObject({ Dn: '104', DisplayName: 'Keira Doyle' });
		expect(typeof row?.InboundAnsweredTalkingSeconds).toBe('number');
		const [raw] = await report('ExtensionStatistics', { extensions: ['104'], simplify: false });
		expect(raw?.InboundAnsweredTalkingDur).toMatch(/^PT/);
		expect(await report('ExtensionStatistics', { extensions: ['104', '105'] })).toHaveLength(2);
	});

	test('queues: what was received is answered or abandoned', async () => {
		const totals = await report('QueuePerformanceTotals');
		const lost = await report('AbandonedQueueCalls', { interval: 5 });
		expect(pbx.requests.at(-1)?.path).toContain("waitInterval='0:00:5'");
		expect(totals).toHaveLength(3);
		for (const {
			QueueDn,
			QueueReceivedCount,
			ExtensionAnsweredCount,
			ExtensionDroppedCount,
		} of totals) {
			expect(Number(ExtensionAnsweredCount) + Number(ExtensionDroppedCount)).toBe(
				QueueReceivedCount,
			);
			expect(lost.filter((call) => call.QueueDn === QueueDn)).toHaveLength(
				Number(ExtensionDroppedCount),
			);
		}
	});

	test('the zone is that of the workflow unless another is named', async () => {
		await run(
			'report',
			'get',
			{ report: 'CallDistribution', ...last30 },
			{ timezone: 'America/New_York' },
		);
		expect(pbx.requests.at(-1)?.path).toContain("clientTimeZone='America%2FNew_York'");
		await report('CallDistribution', {
			reportOptions: { timeZone: 'Asia/Tokyo', groupingType: 1 },
		});
		expect(pbx.requests.at(-1)?.path).toMatch(/clientTimeZone='Asia%2FTokyo'.*groupingType=1/);
	});

	test('a report with a row a call begins with the newest', async () => {
		const all = await report('InboundCalls');
		const times = all.map(({ StartTime }) => Date.parse(String(StartTime)));
		expect(times).toEqual([...times].sort((a, b) => b - a));
		expect(await report('InboundCalls', { returnAll: false, limit: 3 })).toEqual(all.slice(0, 3));
	});

	test('every report can be got, and downloaded where 3CX lets it be', async () => {
		const needed = { chartDate: '2026-11-02', cdrId: 'x', srcNumber: '100', dstNumber: '101' };
		const { ThreeCx } = await import('../../nodes/ThreeCx/ThreeCx.node');
		const [{ options = [] } = {}, ...others] = new ThreeCx().description.properties.filter(
			({ name }) => name === 'report',
		);
		expect(others).toEqual([]);
		for (const { value, description } of options as INodePropertyOptions[]) {
			const parameters = { report: String(value), ...last30, ...needed };
			for (const operation of ['get', 'downloadCsv']) {
				const before = pbx.requests.length;
				const requests = () => sent(before, /^\/xapi\/v1\/Report/).map(({ status }) => status);
				if (operation === 'downloadCsv' && description?.endsWith('(no CSV)')) {
					expect(await refusal('report', operation, parameters)).toMatchObject({
						message: expect.stringMatching(/^3CX has no CSV file of the report "/) as string,
						description: expect.stringContaining('Use Get') as string,
					});
					expect(requests()).toEqual([]);
				} else {
					await items('report', operation, parameters);
					expect(requests()).toEqual([200]);
				}
			}
		}
		// Fifty reports over 30 days: seconds, and more where other tests have the processor.
	}, 60_000);

	test('CSV', async () => {
		const csv = await file('report', 'downloadCsv', { report: 'ExtensionStatistics', ...last30 });
		expect(csv).toMatchObject({ name: 'ExtensionStatistics.csv', type: 'text/csv' });
		const lines = csv.content.toString().trimEnd().split('\r\n');
		expect(lines[0]).toBe(
			'DisplayName,Dn,InboundAnsweredCount,InboundAnsweredTalkingDur,InboundUnansweredCount,OutboundAnsweredCount,OutboundAnsweredTalkingDur,OutboundUnansweredCount',
		);
		expect(lines.find((line) => line.startsWith('Keira Doyle,104,'))).toBeDefined();
	});

	test('mistakes are named', async () => {
		expect(
			await refusal('report', 'get', { report: 'AverageQueueWaitingTime', chartDate: 'x' }),
		).toMatchObject({
			message: '"x" is not a date and time, which the field "Day" needs',
		});
		expect(
			await refusal('report', 'get', { report: 'AverageQueueWaitingTime', chartDate: '={{ "" }}' }),
		).toMatchObject({
			message: 'The field "Day" is empty',
		});
		expect(
			(
				await refusal('report', 'get', {
					report: 'CallDistribution',
					...last30,
					reportOptions: { groupingType: 'x' },
				})
			).message,
		).toMatch(/"groupingType" needs a whole number/);
		pbx.faults.next({ path: /GetInboundCalls/, status: 504, times: 3 });
		expect(
			(await refusal('report', 'get', { report: 'InboundCalls', ...last30 })).description,
		).toMatch(/Shorten the date range/);
	});

	test('pickers offer numbers with their names', async () => {
		const context = loadOptionsContext({ resource: 'report', operation: 'get' }, credentials);
		const lists = loadOptions as unknown as Record<string, (this: unknown) => Promise<unknown>>;
		expect(await lists.getQueueNumbers!.call(context)).toContainEqual({
			name: '800 Appointments',
			value: '800',
		});
		expect(await lists.getTrunkNumbers!.call(context)).toContainEqual({
			name: '10000 Northgate Telecom',
			value: '10000',
		});
		expect(await lists.getDepartmentNumbers!.call(context)).toContainEqual({
			name: expect.stringMatching(/^GRP\d+ Reception$/) as string,
			value: expect.stringMatching(/^GRP/) as string,
		});
		expect(await lists.getRingGroupNumbers!.call(context)).toHaveLength(2);
	});
});

describe('chats', () => {
	beforeAll(() => {
		for (const [hour, Message] of [
			['09', 'Hello'],
			['10', 'Is, "anyone" there?'],
		]) {
			const TimeSent = `2026-11-02T${hour}:00:00.000Z`;
			pbx.store.insert('ChatHistoryView', {
				ConversationId: 1,
				IsExternal: true,
				FromName: 'Anna',
				Message,
				TimeSent,
				ProviderType: 'LiveChat',
				ParticipantsGroupsArray: [],
			});
			pbx.store.insert('ChatMessagesHistoryView', {
				ConversationId: 1,
				MessageId: Number(hour),
				IsExternal: true,
				Message,
				TimeSent,
				ParticipantsGroupsArray: [],
			});
		}
	});

	test('history and messages come newest first, filtered by the PBX', async () => {
		expect((await run('chat', 'getAll')).map(({ Message }) => Message)).toEqual([
			'Is, "anyone" there?',
			'Hello',
		]);
		expect((await run('chatMessage', 'getAll')).map(({ MessageId }) => MessageId)).toEqual([10, 9]);
		const filters = {
			conditions: [
				{ field: 'TimeSent|moment', operator: 'lessThan', dateValue: '2026-11-02T09:30:00' },
			],
		};
		expect(await run('chat', 'getAll', { filters })).toHaveLength(1);
	});

	test('CSV', async () => {
		const csv = await file('chat', 'downloadCsv');
		expect(csv.name).toBe('chat-history.csv');
		expect(csv.content.toString()).toContain('"Is, ""anyone"" there?"');
		expect((await file('chatMessage', 'downloadCsv')).name).toBe('chat-messages.csv');
		const before = { period: 'between', from: '2000-01-01T00:00:00', to: '2000-01-02T00:00:00' };
		const none = await file('chat', 'downloadCsv', { ...before, binaryPropertyName: ' ' });
		expect(none.property).toBe('data');
		expect(none.content.toString().trimEnd().split('\r\n')).toHaveLength(1);
	});
});

describe('backups', () => {
	test('create, list, restore after confirmation, delete', async () => {
		expect(
			await run('backup', 'create', {
				backupName: "o'clock",
				contents: { Recordings: true, password: 'hush-hush' },
			}),
		).toEqual([{ started: true, name: "o'clock" }]);
		expect(await run('backup', 'getAll')).toEqual([
			expect.objectContaining({ FileName: "o'clock.zip", Size: expect.any(Number) as number }),
		]);
		expect(await refusal('backup', 'create', { backupName: "o'clock" })).toMatchObject({
			httpCode: '400',
		});

		const backup = byId("o'clock.zip");
		const before = pbx.requests.length;
		const unconfirmed = await refusal('backup', 'restore', {
			backup,
			confirmation: 'yes',
			password: 'hush-hush',
		});
		expect(unconfirmed.message).toBe(
			`Not confirmed: the confirmation field must contain "o'clock.zip"`,
		);
		expect(unconfirmed.description).toMatch(
			/replaces the whole configuration.*Nothing was changed/,
		);
		expect(sent(before, /Restore/)).toEqual([]);

		const confirmation = "o'clock.zip";
		expect(await refusal('backup', 'restore', { backup, confirmation })).toMatchObject({
			message: 'The backup o\'clock.zip is encrypted, and the field "Password" is empty',
		});
		expect(
			await refusal('backup', 'restore', { backup, confirmation, password: 'wrong' }),
		).toMatchObject({ httpCode: '400' });
		expect(pbx.store.singleton('restored')).toEqual({});
		expect(await run('backup', 'restore', { backup, confirmation, password: 'hush-hush' })).toEqual(
			[{ restoring: true, FileName: "o'clock.zip", version: VERSION }],
		);
		expect(pbx.store.singleton('restored')).toEqual({ FileName: "o'clock.zip" });

		expect(await run('backup', 'delete', { backup })).toEqual([{ deleted: true }]);
		expect(await run('backup', 'getAll')).toEqual([]);
		expect(await refusal('backup', 'restore', { backup, confirmation })).toMatchObject({
			message: "This PBX has no backup with File Name o'clock.zip",
		});
	});

	test('what was not chosen keeps its default, and no password means no encryption', async () => {
		await run('backup', 'create', { backupName: 'plain', contents: { CallHistory: false } });
		expect(pbx.store.singleton('backupExtras')['plain.zip']).toMatchObject({
			IsEncrypted: false,
			Contents: {
				CallHistory: false,
				EncryptBackup: false,
				FQDN: true,
				License: true,
				PhoneProvisioning: false,
				Prompts: true,
				Recordings: false,
				VoiceMails: false,
			},
		});
		await run('backup', 'delete', { backup: byId('plain.zip') });
	});
});

describe('logs', () => {
	const at = (hour: number) => `2026-11-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
	const day = { period: 'between', from: '2026-11-02T00:00:00', to: '2026-11-03T00:00:00' };

	test('the event log is listed, saved and purged after confirmation', async () => {
		for (const [Id, Type] of [
			[1, 'Info'],
			[2, 'Error'],
		] as const) {
			pbx.store.insert('EventLogs', {
				Id,
				Type,
				TimeGenerated: at(Id),
				Message: `Event ${Id}`,
				Params: [],
			});
		}
		expect((await run('eventLog', 'getAll')).map(({ Id }) => Id)).toEqual([2, 1]);
		const filters = {
			conditions: [{ field: 'Type|enum', operator: 'equals', enumValue: ['Error'] }],
		};
		expect(await run('eventLog', 'getAll', { filters })).toEqual([
			expect.objectContaining({ Id: 2, Message: 'Event 2' }),
		]);
		expect((await file('eventLog', 'downloadCsv')).content.toString()).toContain('Event 2');
		const firstHours = { period: 'between', from: at(0), to: at(2) };
		const part = await file('eventLog', 'downloadCsv', {
			...firstHours,
			binaryPropertyName: 'log',
		});
		expect(part).toMatchObject({ property: 'log', name: 'event-log.csv' });
		expect(part.content.toString()).toContain('Event 1');
		expect(part.content.toString()).not.toContain('Event 2');
		expect((await refusal('eventLog', 'purge', { confirmation: 'yes' })).message).toMatch(
			/must contain "PURGE"/,
		);
		expect(await run('eventLog', 'getAll')).toHaveLength(2);
		// Not everybody types as loud as the field.
		expect(await run('eventLog', 'purge', { confirmation: 'purge' })).toEqual([{ purged: true }]);
		expect(await run('eventLog', 'getAll')).toEqual([]);
	});

	test('the audit log of a period and a user', async () => {
		for (const [Id, UserName, hour] of [
			[1, 'Amelia', 1],
			[2, 'Rhys', 2],
			[3, 'amelia h', 23],
		] as const) {
			pbx.store.insert('ReportAuditLog', { Id, UserName, Timestamp: at(hour), ObjectName: 'x' });
		}
		expect((await run('auditLog', 'getAll', day)).map(({ Id }) => Id)).toEqual([3, 2, 1]);
		expect(
			(await run('auditLog', 'getAll', { ...day, userName: 'AMELIA' })).map(({ Id }) => Id),
		).toEqual([3, 1]);
		// 23:00 UTC is the next day in Berlin.
		expect(
			(await run('auditLog', 'getAll', day, { timezone: 'Europe/Berlin' })).map(({ Id }) => Id),
		).toEqual([2, 1]);
		const whole = await file('auditLog', 'downloadCsv');
		expect(whole).toMatchObject({ name: 'audit-log.csv', property: 'data' });
		expect(whole.content.toString().trimEnd().split('\r\n')).toHaveLength(4);
		const part = { ...day, userName: 'amelia', binaryPropertyName: 'audit' };
		const csv = await file('auditLog', 'downloadCsv', part, { timezone: 'Europe/Berlin' });
		expect(csv.property).toBe('audit');
		expect(csv.content.toString()).toContain('Amelia');
		expect(csv.content.toString()).not.toMatch(/Rhys|amelia h/);
	});

	test('the activity log of an extension', async () => {
		for (const [Index, Message] of [
			[1, 'Call 7 to 100 rings'],
			[2, 'Call 7 to 101 rings'],
		] as const) {
			pbx.store.insert('ActivityLog', { Index, Message, TimeStamp: at(Index) });
		}
		expect(await run('activityLog', 'getAll', day)).toHaveLength(2);
		expect(await run('activityLog', 'getAll', { ...day, extension: '101' })).toEqual([
			{ Index: 2, Message: 'Call 7 to 101 rings', TimeStamp: at(2) },
		]);
		expect(await run('activityLog', 'getFilter')).toContainEqual({ Number: '100', CallIds: [] });
	});
});

describe('active calls', () => {
	test('are listed and dropped', async () => {
		pbx.calls.makeCall({ from: '100', to: '101' });
		const [call, ...others] = await run('activeCall', 'getAll');
		expect(others).toEqual([]);
		expect(call).toMatchObject({
			Id: expect.any(Number) as number,
			Status: expect.any(String) as string,
		});
		expect(String(call?.Caller)).toMatch(/^100/);
		expect(await run('activeCall', 'drop', { activeCall: byId(Number(call?.Id)) })).toEqual([
			{ dropped: true },
		]);
		expect(await run('activeCall', 'getAll')).toEqual([]);
		expect(
			await refusal('activeCall', 'drop', { activeCall: byId(Number(call?.Id)) }),
		).toMatchObject({
			message: `This PBX has no active call with ID ${Number(call?.Id)}`,
			httpCode: '404',
		});
	});
});

describe('a role that is too low', () => {
	test.each([
		['callLog', 'getAll', last30],
		['recording', 'getAll', {}],
		['report', 'get', { report: 'InboundCalls', ...last30 }],
		['chat', 'getAll', {}],
		['auditLog', 'getAll', last30],
	])('%s says which one is needed', async (resource, operation, parameters) => {
		const client = { ...pbx.defaultClient, clientId: 'admin', role: 'system_admins' as const };
		const other = await startPbx({ clients: [client] });
		const error = await refusal(resource, operation, parameters, {
			credentials: new CredentialStore({
				pbxUrl: other.url,
				clientId: client.clientId,
				clientSecret: client.clientSecret,
			}),
		}).finally(async () => await other.close());
		expect(error).toMatchObject({ httpCode: '403' });
		expect(error.message).toMatch(/may not do this/);
		expect(error.description).toMatch(/System Owner for reports, recordings and call history/);
	});
});
