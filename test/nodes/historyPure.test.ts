import fc from 'fast-check';
import { DateTime } from 'luxon';
import { csvLines } from '../../lib/csv';
import { catalogue, type Catalogue } from '../../lib/xapi/catalogue';
import { loggedCallsIn, matches, UNFILTERED, type Call } from '../../lib/xapi/callLog';
import { durationSeconds, withSeconds } from '../../lib/xapi/duration';
import { requestFor } from '../../lib/xapi/invoke';
import { reportArguments, reportsOf } from '../../lib/xapi/reports';
import { presetPeriod } from '../../nodes/ThreeCx/fields/period';

/** The pure parts under call log, reports and CSV files. */

describe('durations', () => {
	test.each([
		['PT1M12.577027S', 72.577],
		['PT0S', 0],
		['PT2H', 7200],
		['PT45M', 2700],
		['P1DT1S', 86_401],
		['P2D', 172_800],
		['-PT1.5S', -1.5],
		['PT', undefined],
		['P', undefined],
		['00:01:12', undefined],
		['', undefined],
		[undefined, undefined],
	])('%s are %s seconds', (duration, seconds) => {
		expect(durationSeconds(duration)).toBe(seconds);
	});

	test('the seconds of any duration come back', () => {
		const part = (max: number) => fc.nat({ max });
		fc.assert(
			fc.property(part(400), part(23), part(59), part(59_999), (days, hours, minutes, ms) => {
				const iso = `P${days}DT${hours}H${minutes}M${ms / 1000}S`;
				const expected = days * 86_400 + hours * 3600 + minutes * 60 + ms / 1000;
				expect(durationSeconds(iso)).toBeCloseTo(expected, 3);
			}),
		);
	});

	test('rows get seconds under a name that says so, and keep the rest', () => {
		expect(
			withSeconds(
				[
					{ Dn: '100', InboundAnsweredTalkingDur: 'PT1M', InboundAnsweredCount: 2 },
					{ Dn: 'PT1M', InboundAnsweredTalkingDur: 'soon' },
				],
				'ExtensionStatistics',
			),
		).toEqual([
			{ Dn: '100', InboundAnsweredTalkingSeconds: 60, InboundAnsweredCount: 2 },
			{ Dn: 'PT1M', InboundAnsweredTalkingDur: 'soon' },
		]);
	});
});

type Row = Record<string, unknown>;

const leg = (values: Row): Row => ({
	MainCallHistoryId: 'A',
	StartTime: '2026-11-02T09:00:00.000Z',
	Direction: 'Inbound Queue',
	SourceDn: '10000',
	SourceCallerId: '+442079460101',
	SourceDisplayName: 'Anna',
	...values,
});

const queueCall = [
	leg({
		SegmentId: 1,
		Indent: 0,
		CallType: 'Queue',
		DestinationDn: '800',
		DestinationCallerId: '800',
		DestinationDisplayName: 'Appointments',
		Answered: true,
		RingingDuration: 'PT0S',
		TalkingDuration: 'PT40S',
	}),
	leg({
		SegmentId: 2,
		Indent: 1,
		StartTime: '2026-11-02T09:00:01.000Z',
		CallType: 'Extension',
		DestinationDn: '103',
		Answered: false,
		RingingDuration: 'PT20S',
		TalkingDuration: 'PT0S',
	}),
	leg({
		SegmentId: 3,
		Indent: 1,
		StartTime: '2026-11-02T09:00:21.000Z',
		CallType: 'Extension',
		DestinationDn: '104',
		DestinationCallerId: '104',
		DestinationDisplayName: 'Keira Doyle',
		Answered: true,
		RingingDuration: 'PT6.5S',
		TalkingDuration: 'PT1M30.1S',
		DstRecId: 7,
		Recordings: [{ Id: 7 }, { Id: 8 }],
	}),
];

describe('whole calls', () => {
	test('a queue call is told by the agent who took it, however its rows come', () => {
		const other = leg({ MainCallHistoryId: 'B', SegmentId: 9, CallType: 'Extension' });
		const [first, second, third] = queueCall;
		const calls = loggedCallsIn([third!, other, first!, second!]);
		expect(calls.map(({ callId }) => callId)).toEqual(['A', 'B']);
		expect(calls[0]).toEqual({
			callId: 'A',
			startTime: '2026-11-02T09:00:00.000Z',
			direction: 'inbound',
			queue: '800',
			from: '+442079460101',
			fromName: 'Anna',
			to: '800',
			toName: 'Appointments',
			answered: true,
			answeredBy: '104',
			answeredByName: 'Keira Doyle',
			ringingSeconds: 6.5,
			talkingSeconds: 90.1,
			recordings: [7, 8],
			legs: queueCall,
		});
	});

	test.each([
		[
			'only the queue answered',
			queueCall.slice(0, 2),
			{ answered: false, talkingSeconds: 0, ringingSeconds: 20 },
		],
		['nobody answered', queueCall.slice(1, 2), { answered: false, ringingSeconds: 20 }],
		[
			'a transfer: both talked',
			[
				queueCall[2]!,
				leg({
					SegmentId: 4,
					StartTime: '2026-11-02T09:05:00Z',
					DestinationDn: '105',
					Answered: true,
					TalkingDuration: 'PT10S',
				}),
			],
			{ answeredBy: '104', talkingSeconds: 100.1 },
		],
		[
			'numbers outside have no DN of their own',
			[
				leg({
					Direction: 'Outbound',
					CallType: 'External',
					DestinationDn: '10000',
					DestinationCallerId: '+49301234567',
					Answered: true,
				}),
			],
			{ to: '+49301234567', answeredBy: '+49301234567' },
		],
		[
			'no main id: the id of the call',
			[leg({ MainCallHistoryId: undefined, CallHistoryId: 'C' })],
			{ callId: 'C' },
		],
		[
			'no id at all: a call of its own',
			[{ CallId: 0 }],
			{ callId: 'row 0', answered: false, recordings: [] },
		],
		[
			'legs that are numbered backwards: the order of time counts',
			[
				leg({ SegmentId: 3, DestinationDn: '800', DestinationCallerId: '800', CallType: 'Queue' }),
				leg({
					SegmentId: 2,
					StartTime: '2026-11-02T09:00:10Z',
					DestinationDn: '104',
					Answered: true,
				}),
				leg({
					SegmentId: 1,
					StartTime: '2026-11-02T09:00:10.5Z',
					DestinationDn: '105',
					Answered: true,
				}),
			],
			{ to: '800', answeredBy: '104' },
		],
		[
			'legs that begin at once: the one that the others belong to is first',
			[
				leg({ SegmentId: 2, Indent: 0, DestinationDn: '800', CallType: 'Queue' }),
				leg({ SegmentId: 1, Indent: 1, DestinationDn: '104', Answered: true }),
			],
			{ to: '800', answeredBy: '104' },
		],
		...[
			'Call Flow',
			'CallFlowApp',
			'Call Flow App',
			'Conference',
			'Digital Receptionist',
			'Fax',
			'IVR',
			'Parking',
			'Queue',
			'Ring Group',
			'RoutePoint',
			'Route Point',
			'Script',
			'System',
			'VoiceMail',
			'Voice Mail',
			'voicemail',
		].map((CallType): [string, Row[], Partial<Call>] => [
			`a leg of type ${CallType} is answered by a machine`,
			[leg({ CallType, Answered: true, TalkingDuration: 'PT10S' })],
			{ answered: false, talkingSeconds: 0 },
		]),
		['0 stands for no recording', [leg({ SrcRecId: 0, DstRecId: 0 })], { recordings: [] }],
	] as Array<[string, Row[], Partial<Call>]>)('%s', (_, rows, expected) => {
		const calls = loggedCallsIn(rows);
		expect(calls).toHaveLength(1);
		expect(calls[0]).toMatchObject(expected);
	});

	const anyRow = fc.record(
		{
			MainCallHistoryId: fc.option(fc.constantFrom('a', 'b', 'c', 'row 0'), { nil: undefined }),
			CallHistoryId: fc.option(fc.constantFrom('a', 'd', ''), { nil: undefined }),
			CdrId: fc.string(),
			StartTime: fc.constantFrom('2026-11-02T09:00:00Z', '2026-11-02T09:00:00.5Z', undefined, 'x'),
			SegmentId: fc.option(fc.nat(50), { nil: undefined }),
			Indent: fc.option(fc.nat(3), { nil: undefined }),
			CallType: fc.constantFrom('Queue', 'Extension', 'External', undefined),
			Answered: fc.boolean(),
			DstRecId: fc.nat(3),
		},
		{ requiredKeys: [] },
	);

	test('every row is in exactly one call, in order, and grouping again changes nothing', () => {
		fc.assert(
			fc.property(fc.array(anyRow, { maxLength: 60 }), (rows) => {
				const calls = loggedCallsIn(rows);
				const legs = calls.flatMap((call) => call.legs);
				expect(legs).toHaveLength(rows.length);
				expect(new Set(legs)).toEqual(new Set(rows));
				expect(new Set(calls.map(({ callId }) => callId)).size).toBe(calls.length);
				for (const call of calls) {
					const places = call.legs.map(({ StartTime, Indent = 9, SegmentId = 99 }) => {
						const at = Date.parse(String(StartTime)) || 9e15;
						return `${at} ${String(Indent)} ${String(SegmentId).padStart(2, '0')}`;
					});
					expect(places).toEqual(places.toSorted());
					expect(call.legs.length).toBeGreaterThan(0);
				}
			}),
		);
	});

	test.each([
		[{}, true],
		[{ direction: 'Inbound' }, true],
		[{ direction: 'Outbound' }, false],
		[{ answered: true }, true],
		[{ answered: false }, false],
		[{ extension: '103' }, true],
		[{ extension: '10000' }, true],
		[{ extension: '105' }, false],
		[{ recorded: true }, true],
		[{ direction: 'Inbound', answered: true, extension: '104', recorded: true }, true],
	])('filter %j', (filter, expected) => {
		const [call] = loggedCallsIn(queueCall) as [Call];
		expect(matches(filter)(call)).toBe(expected);
	});
});

describe('reports of the catalogue', () => {
	const reports = reportsOf(catalogue);

	test('every Get and Download function of the report roots belongs to exactly one report', () => {
		const declared = Object.entries(catalogue.operations)
			.filter(([, { tag, kind }]) => /^Report/.test(tag) && kind === 'function')
			.map(([id]) => id);
		const offered = reports.flatMap(({ rows, file }) =>
			[rows, file].flatMap((one) => one?.operationId ?? []),
		);
		expect([...offered].sort()).toEqual(declared.sort());
		expect(new Set(reports.map(({ name }) => name)).size).toBe(reports.length);
	});

	test('rows and file of a report are found, whatever 3CX calls them', () => {
		const named = (name: string) => {
			const { rows, file } = reports.find((report) => report.name === name) ?? {};
			return [rows?.operationId, file?.operationId];
		};
		expect(named('CallDistribution')).toEqual([
			'GetCallDistribution',
			'DownloadGetGetCallDistribution',
		]);
		expect(named('AverageQueueWaitingTime')).toEqual([
			'GetAverageQueueWaitingTimeData',
			'DownloadAverageQueueWaitingTimeReport',
		]);
		expect(named('CallLog')).toEqual(['GetCallLogData', 'DownloadCallLog']);
		expect(named('CallQuality')).toEqual(['GetCallQualityReport', undefined]);
	});

	const span = { from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' };
	const filled = {
		...span,
		chartDate: span.from,
		cdrId: 'c',
		srcNumber: '1',
		dstNumber: '2',
		timeZone: 'Europe/London',
	};

	test.each(
		reports
			.flatMap(({ rows, file }) => [rows, file].flatMap((one) => (one ? [one] : [])))
			.map((one) => [one.operationId, one] as const),
	)('%s can be called with what the panel asks for', (operationId, one) => {
		const { path } = requestFor(operationId, { parameters: reportArguments(one, filled) });
		for (const { name } of one.parameters) expect(path).toContain(`${name}=`);
		expect(path).not.toContain('undefined');
	});

	test('numbers are joined, intervals and zones written as 3CX reads them', () => {
		const rows = reports.find(({ name }) => name === 'UserActivity')!.rows!;
		const parameters = reportArguments(rows, {
			...filled,
			extensions: ['100', 101],
			interval: 3725,
			timeZone: 'Asia/Jerusalem',
			includeQueueCalls: true,
		});
		expect(parameters).toEqual({
			clientTimeZone: 'Asia/Jerusalem',
			periodFrom: span.from,
			periodTo: span.to,
			groupNumber: '',
			extensionDns: '100,101',
			waitInterval: '1:02:5',
			includeQueueCalls: true,
			// What 3CX's own console sends.
			callArea: 2,
			groupingType: 0,
		});
		expect(requestFor('GetUserActivity', { parameters }).path).toContain(
			"clientTimeZone='Asia%2FJerusalem'",
		);
	});

	test.each([
		[0, '0:00:0'],
		[20, '0:00:20'],
		[-5, '0:00:0'],
		['90', '0:01:30'],
	])('an interval of %s seconds is %s', (interval, written) => {
		const rows = reports.find(({ name }) => name === 'StatisticSla')!.rows!;
		expect(reportArguments(rows, { ...span, interval }).waitInterval).toBe(written);
	});

	test('where nothing is filtered, each function is sent what clients are known to send', () => {
		const sent = new Map(
			reports
				.flatMap(({ rows, file }) => [rows, file])
				.filter((report) => report !== undefined)
				.flatMap((report) => Object.entries(reportArguments(report, {}))),
		);
		// Texts, codes and switches of all reports; dates have to be said. Protocol 4.7 has where each is from.
		expect(Object.fromEntries([...sent].filter(([, value]) => value !== undefined))).toEqual({
			agentDnStr: '',
			answerInterval: '0:00:0',
			callArea: 2,
			callClass: 0,
			callTimeFilterFrom: '0:00:0',
			callTimeFilterTo: '0:00:0',
			callTimeFilterType: 0,
			call_id: 0,
			callsType: 0,
			cdrId: '',
			chartBy: '',
			chatType: 0,
			clientTimeZone: 'UTC',
			destinationFilter: '',
			destinationType: 0,
			dstCallerId: '',
			dstNumber: '',
			extensionDns: '',
			extensionFilter: '',
			fromExtension: '',
			fromText: '',
			fromType: 0,
			groupFilter: '',
			groupNumber: '',
			groupingType: 0,
			hidePcalls: false,
			includeQueueCalls: false,
			participantType: 0,
			queueDnStr: '',
			queueDns: '',
			ringGroupDns: '',
			sourceFilter: '',
			sourceType: 0,
			srcCallerId: '',
			srcNumber: '',
			toExtension: '',
			toText: '',
			toType: 0,
			trunkDns: '',
			waitInterval: '0:00:0',
		});
	});

	test('the call log is read without a filter as working clients do', () => {
		const parameters = { periodFrom: span.from, periodTo: span.to, ...UNFILTERED };
		expect(requestFor('GetCallLogData', { parameters }).path).toContain(
			"callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=false",
		);
	});

	test('a date that is missing is named', () => {
		const rows = reports.find(({ name }) => name === 'InboundCalls')!.rows!;
		expect(() =>
			requestFor('GetInboundCalls', { parameters: reportArguments(rows, { to: span.to }) }),
		).toThrow(/periodFrom/);
	});

	test('a newer 3CX brings its new reports along', () => {
		const newer: Catalogue = {
			...catalogue,
			operations: {
				GetMoodData: {
					method: 'GET',
					path: '/ReportMood/Pbx.GetMoodData(startDt={startDt},mood={mood})',
					tag: 'ReportMood',
					kind: 'function',
					parameters: { startDt: 'date-time', mood: 'string?' },
					query: [],
					returns: 'object[]',
					status: 200,
				},
			},
		};
		expect(reportsOf(newer)).toEqual([
			{
				name: 'Mood',
				rows: {
					operationId: 'GetMoodData',
					returns: 'object[]',
					parameters: [
						{ name: 'startDt', field: 'from', type: 'date-time' },
						{ name: 'mood', field: 'mood', type: 'string?' },
					],
				},
			},
		]);
	});
});

describe('periods', () => {
	const now = (iso: string, zone: string) => DateTime.fromISO(iso, { zone });

	test.each([
		// The day on which clocks go forward has 23 hours, the one on which they go back 25.
		[
			'yesterday',
			'2026-03-30T10:00',
			'Europe/London',
			'2026-03-29T00:00:00.000Z',
			'2026-03-29T23:00:00.000Z',
		],
		[
			'yesterday',
			'2026-10-26T10:00',
			'Europe/London',
			'2026-10-24T23:00:00.000Z',
			'2026-10-26T00:00:00.000Z',
		],
		[
			'yesterday',
			'2026-03-09T10:00',
			'America/New_York',
			'2026-03-08T05:00:00.000Z',
			'2026-03-09T04:00:00.000Z',
		],
		[
			'today',
			'2026-07-01T10:00',
			'Asia/Kolkata',
			'2026-06-30T18:30:00.000Z',
			'2026-07-01T04:30:00.000Z',
		],
		[
			'last7Days',
			'2026-04-02T10:00',
			'Europe/London',
			'2026-03-26T00:00:00.000Z',
			'2026-04-02T09:00:00.000Z',
		],
		[
			'last30Days',
			'2026-03-31T00:00',
			'UTC',
			'2026-03-01T00:00:00.000Z',
			'2026-03-31T00:00:00.000Z',
		],
		[
			'thisMonth',
			'2026-04-02T10:00',
			'Europe/London',
			'2026-03-31T23:00:00.000Z',
			'2026-04-02T09:00:00.000Z',
		],
		[
			// A Sunday belongs to the week that began on Monday; the clocks change within the week before.
			'lastWeek',
			'2026-04-05T10:00',
			'Europe/London',
			'2026-03-23T00:00:00.000Z',
			'2026-03-29T23:00:00.000Z',
		],
		[
			'thisWeek',
			'2026-03-30T00:00',
			'Europe/London',
			'2026-03-29T23:00:00.000Z',
			'2026-03-29T23:00:00.000Z',
		],
		[
			'lastMonth',
			'2026-01-15T10:00',
			'UTC',
			'2025-12-01T00:00:00.000Z',
			'2026-01-01T00:00:00.000Z',
		],
	])('%s at %s in %s', (preset, at, zone, from, to) => {
		expect(presetPeriod(preset, now(at, zone))).toEqual({ from, to });
	});

	test('one that does not exist is refused with those that do', () => {
		expect(() => presetPeriod('toString', DateTime.now())).toThrow('There is no period "toString"');
	});
});

describe('CSV', () => {
	/** An independent reader of RFC 4180. */
	function parse(text: string): string[][] {
		const rows: string[][] = [];
		let [row, cell, quoted] = [[] as string[], '', false];
		for (let at = 0; at < text.length; at++) {
			const character = text[at]!;
			if (quoted && character === '"' && text[at + 1] === '"') [cell, at] = [`${cell}"`, at + 1];
			else if (character === '"') quoted = !quoted;
			else if (!quoted && character === ',') [row, cell] = [[...row, cell], ''];
			else if (!quoted && character === '\r' && text[at + 1] === '\n') {
				rows.push([...row, cell]);
				[row, cell, at] = [[], '', at + 1];
			} else cell += character;
		}
		return rows;
	}

	test('whatever stands in a cell can be read back, where texts stay as they are', () => {
		const columns = ['a', 'b'];
		fc.assert(
			fc.property(
				fc.array(
					fc.record({
						a: fc.string({ unit: 'binary' }),
						b: fc.constantFrom('"', ',', '\r\n', '\n', ''),
					}),
				),
				(rows) => {
					const text = [...csvLines(rows, columns, { raw: true })].join('');
					expect(parse(text)).toEqual([columns, ...rows.map(({ a, b }) => [a, b])]);
				},
			),
		);
	});

	test('nothing is an empty cell, and lists are JSON', () => {
		expect([...csvLines([{ a: null, b: [{ Id: 1 }], c: 0 }], ['a', 'b', 'c', 'd'])]).toEqual([
			'a,b,c,d\r\n',
			',"[{""Id"":1}]",0,\r\n',
		]);
	});
});
