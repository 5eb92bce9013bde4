import { dialable } from '../../lib/phone/dialable';

test.each([
	['101', '101'],
	[' 020 7946 0102 ', '02079460102'],
	['+44 (0)20 7946-0102', '+442079460102'],
	['(020) 7946.0102', '02079460102'],
	['030/1234 56\u201378', '03012345678'],
	['tel:+44-20-7946-0102', '+442079460102'],
	['+44\u00a020\u00a07946\u00a00102', '+442079460102'],
])('%j is dialled as %s', (written, dialled) => expect(dialable(written)).toBe(dialled));

test.each([
	'*777',
	'voiceagent',
	'voice agent 2',
	'#31#0301234',
	'()',
	'+',
	'sip:101@pbx',
	'0 30 x12',
])('%s is no number that people have written, and stays as it is', (text) =>
	expect(dialable(text)).toBe(text),
);
