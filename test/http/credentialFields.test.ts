import { readFields } from '../../lib/http/credentialFields';

const FIELDS = { pbxUrl: 'pbx.example.com:5001', clientId: 'n8n', clientSecret: 'kq4N' };

test('reads the PBX and its client', () => {
	expect(readFields(FIELDS)).toEqual({
		origin: 'https://pbx.example.com:5001',
		clientId: 'n8n',
		clientSecret: 'kq4N',
		ignoreSslIssues: false,
	});
});

test.each([
	[true, true],
	['true', true],
	[' True ', true],
	[false, false],
	['false', false],
	['no', false],
	['yes', false],
	['', false],
	[1, false],
	[{}, false],
	[[true], false],
	[undefined, false],
	[null, false],
])('the switch %j is on: %s', (ignoreSSLIssues, ignoreSslIssues) => {
	expect(readFields({ ...FIELDS, ignoreSSLIssues })).toMatchObject({ ignoreSslIssues });
});

test('takes a client ID that a table holds as a number', () => {
	expect(readFields({ ...FIELDS, clientId: 800 })).toMatchObject({ clientId: '800' });
});

test.each([
	['pbxUrl', 'The Server URL is empty (client ID n8n)'],
	['clientId', 'The Client ID is empty for https://pbx.example.com:5001'],
	['clientSecret', 'The Client Secret is empty for https://pbx.example.com:5001'],
])('an empty %s is named, with whose it is', (field, message) => {
	for (const nothing of ['', '  ', null, undefined, {}]) {
		expect(() => readFields({ ...FIELDS, [field]: nothing })).toThrow(
			expect.objectContaining({ kind: 'input', field, message }),
		);
	}
});

test('with neither address nor client ID there is nothing to name', () => {
	expect(() => readFields({})).toThrow('The Server URL is empty');
});
