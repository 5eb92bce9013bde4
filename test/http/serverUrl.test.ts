import { parseServerUrl } from '../../lib/http/serverUrl';

describe('parseServerUrl', () => {
	test.each([
		['pbx.example.com', 'https://pbx.example.com'],
		['  pbx.example.com:5001 ', 'https://pbx.example.com:5001'],
		['https://pbx.example.com:5001/', 'https://pbx.example.com:5001'],
		['https://PBX.Example.com/#/login?x=1', 'https://pbx.example.com'],
		['https://pbx.example.com:443/webclient', 'https://pbx.example.com'],
		['https://pbx.example.com/#/login', 'https://pbx.example.com'],
		['https://pbx.example.com/?next=/pbx1', 'https://pbx.example.com'],
		['pbx.example.com/xapi/v1/$metadata', 'https://pbx.example.com'],
		['pbx.example.com//webclient', 'https://pbx.example.com'],
		['http://192.168.1.10:5000', 'http://192.168.1.10:5000'],
		['192.168.1.10:5001/xapi/v1', 'https://192.168.1.10:5001'],
		['https://[2001:db8::1]:5001', 'https://[2001:db8::1]:5001'],
	])('%s', (typed, origin) => {
		expect(parseServerUrl(typed)).toBe(origin);
	});

	test.each([
		['ftp://pbx.example.com', 'The Server URL is not a web address: ftp://pbx.example.com'],
		['https://', 'The Server URL is not a web address: https://'],
		['my pbx', 'The Server URL is not a web address: my pbx'],
		['http:/pbx.example.com', 'The Server URL is not a web address: http:/pbx.example.com'],
		['https//pbx.example.com', 'The Server URL is not a web address: https//pbx.example.com'],
		['"https://pbx"', 'The Server URL is not a web address: "https://pbx"'],
		['ftp://admin:pw@pbx', 'The Server URL is not a web address'],
		['https://example.com/pbx1', 'The Server URL has a path (/pbx1)'],
		['example.com/pbx1/webclient/#/people', 'The Server URL has a path (/pbx1/webclient/)'],
		['https://admin:pw@pbx.example.com', 'The Server URL holds a user name or password'],
		['https://admin@pbx.example.com', 'The Server URL holds a user name or password'],
		['https://:pw@pbx.example.com', 'The Server URL holds a user name or password'],
	])('refuses "%s"', (typed, message) => {
		expect(() => parseServerUrl(typed)).toThrow(
			expect.objectContaining({ kind: 'input', field: 'pbxUrl', message }),
		);
	});

	test('does not repeat a password that was typed into it', () => {
		expect(() => parseServerUrl('https://admin:hunter2@pbx')).not.toThrow(/hunter2/);
	});
});
