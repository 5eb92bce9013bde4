import { load } from 'js-yaml';
import { catalogue, operation } from '../../lib/xapi/catalogue';
import { XAPI } from '../../lib/xapi/entities';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { swaggerFrom } from '../../sandbox/pbx/xapi/swagger';
import { judgeOf, type SentRequest } from '../proofs/coverage/judge';
import { leftOver, measure, operationsUsedBy } from '../proofs/coverage/measure';

/** The proof that every operation can be called, on the description that the simulated PBX serves. */

const document = load(swaggerFrom(catalogue));
const judge = judgeOf(document);

test('every operation is callable, and its requests are what the description says', async () => {
	const total = Object.keys(catalogue.operations).length;
	const coverage = await measure(document, RESOURCES);
	expect(coverage).toMatchObject({
		operations: total,
		callable: total,
		valid: total,
		resources: RESOURCES.length - 1,
		failures: [],
	});
	expect(coverage.curated).toBeGreaterThan(0);
});

test('what an operation of the description needs and the catalogue cannot give is a failure', async () => {
	const broken = {
		openapi: '3.0.4',
		servers: [{ url: XAPI }],
		paths: {
			'/Users': {
				get: {
					operationId: 'ListUser',
					'x-ms-docs-operation-type': 'operation',
					responses: { 200: { description: 'ok' } },
				},
			},
		},
	};
	const { valid, callable, failures } = await measure(broken, RESOURCES);
	expect({ valid, callable }).toEqual({ valid: 0, callable: 1 });
	expect(failures[0]?.problems).toContain('query option $top is not declared');
});

describe('resources', () => {
	test.each(RESOURCES.map((resource) => [resource.label, resource] as const))(
		'%s uses operations that exist',
		(_, resource) => {
			const unknown = operationsUsedBy(resource).filter(
				(id) => operation(catalogue, id) === undefined,
			);
			expect(unknown).toEqual([]);
		},
	);
});

test('what no resource calls is named by its set, and together with what they call is all of XAPI', () => {
	const left = leftOver(RESOURCES);
	const withoutSbc = leftOver(RESOURCES.filter(({ name }) => name !== 'sbc'));
	expect(left.get('Sbcs')).toEqual(['CreateSbc']);
	expect(withoutSbc.get('Sbcs')).toContain('PushConfig');
	const called = RESOURCES.flatMap(operationsUsedBy);
	expect(new Set([...called, ...[...left.values()].flat()])).toEqual(
		new Set(Object.keys(catalogue.operations)),
	);
});

describe('the judge', () => {
	const at = (path: string) => XAPI + path;

	test.each<[string, SentRequest, RegExp]>([
		[
			'an unknown path',
			{ method: 'GET', path: at('/Nobodies') },
			/GET \/Nobodies is not described/,
		],
		['a method that is not offered', { method: 'DELETE', path: at('/Users') }, /is not described/],
		['a text for a number', { method: 'GET', path: at("/Users('1')") }, /Id: '1' is no literal/],
		[
			'a number without its quotes',
			{ method: 'GET', path: at('/Users(Number=100)') },
			/Number: 100 is no literal/,
		],
		[
			'a number that is too large',
			{ method: 'GET', path: at('/Users(3000000000)') },
			/Id should be <= 2147483647/,
		],
		[
			'a text that is too long',
			{ method: 'GET', path: at("/Sbcs('1234567890abc')") },
			/Name should NOT be longer than 12/,
		],
		[
			'a date without zone',
			{
				method: 'GET',
				path: at(
					"/ActivityLog/Pbx.GetLogs(startDate=2026-01-01T00:00:00,endDate=2026-01-02T00:00:00Z,extension='',call='',severity='')",
				),
			},
			/startDate should match/,
		],
		[
			'an undeclared option',
			{ method: 'GET', path: at('/Users(1)'), query: '$top=1' },
			/\$top is not declared/,
		],
		[
			'a negative count',
			{ method: 'GET', path: at('/Users'), query: '$top=-1' },
			/\$top should be >= 0/,
		],
		[
			'a body where none is declared',
			{ method: 'POST', path: at('/Queues(1)/Pbx.ResetQueueStatistics'), body: { Id: 1 } },
			/none is declared/,
		],
		[
			'a wrong type',
			{ method: 'PATCH', path: at('/Users(1)'), body: { FirstName: 1 } },
			/body\.FirstName should be string/,
		],
		[
			'a wrong type deep inside',
			{ method: 'PATCH', path: at('/Users(1)'), body: { Groups: [{ Rights: { RoleName: 5 } }] } },
			/Groups\[0\]\.Rights\.RoleName should be string/,
		],
		[
			'a misspelt name',
			{ method: 'PATCH', path: at('/Users(1)'), body: { Groups: [{ groupId: 5 }] } },
			/Groups\[0\]\.groupId is not described/,
		],
		[
			'an enum member that does not exist',
			{ method: 'POST', path: at('/Queues'), body: { PollingStrategy: 'RingNobody' } },
			/PollingStrategy should be equal to one of/,
		],
	])('refuses %s', (_, request, problem) => {
		expect(judge(request).problems.join('\n')).toMatch(problem);
	});

	test('accepts what is right, whatever characters it holds', () => {
		const number = encodeURIComponent("1'0/0");
		expect(
			judge({ method: 'GET', path: at(`/Users(Number='${number.replace("'", "''")}')`) }),
		).toEqual({
			reaches: 'GET /Users(Number={Number})',
			problems: [],
		});
		expect(
			judge({
				method: 'GET',
				path: at('/Users'),
				query: '$select=Id,Number&$expand=Groups($select=Id,Name)',
			}),
		).toEqual({ reaches: 'GET /Users', problems: [] });
	});
});
