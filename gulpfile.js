const { spawn } = require('node:child_process');
const { readFile, writeFile, readdir, rm } = require('node:fs/promises');
const { join } = require('node:path');
const { bundleModules, writeLazyModules } = require('./scripts/lazyModules.cjs');
const { writeOutputSchemas } = require('./scripts/outputSchemas.cjs');

const ICONS = join(__dirname, 'icons');
const DIST = join(__dirname, 'dist');
const COUNTRY_NAMES = join(__dirname, 'lib', 'phone', 'countryNames.json');

/**
 * Colours of the light icons and what stands for them on a dark background. Every colour an icon uses must be here,
 * so that a new one cannot slip through unconverted.
 */
const DARK_COLOURS = {
	'#1f6feb': '#6cb2ff',
	'#0b3d91': '#c4deff',
	'#12805c': '#4fd6a5',
	'#c2410c': '#ffa366',
	'#ffffff': '#14181f',
};

/** Draws the dark icons from the light ones and clears dist of images that are no icons. `--check` only compares. */
async function icons() {
	const check = process.argv.includes('--check');
	const light = (await readdir(ICONS)).filter((name) => /^[^.]+\.svg$/.test(name));
	for (const name of light) {
		const target = join(ICONS, name.replace('.svg', '.dark.svg'));
		const dark = darken(await readFile(join(ICONS, name), 'utf8'), name);
		if (!check) await writeFile(target, dark);
		else if ((await readFile(target, 'utf8').catch(() => '')) !== dark) {
			throw new Error(`${target} does not match ${name}: run "gulp icons" and commit the result.`);
		}
	}
	if (!check) await removeStrayImages();
}

function darken(svg, name) {
	return svg.replace(/#[0-9a-f]{3,8}\b/gi, (colour) => {
		const dark = DARK_COLOURS[colour.toLowerCase()];
		if (!dark)
			throw new Error(
				`icons/${name} uses ${colour}, which has no dark counterpart in gulpfile.js.`,
			);
		return dark;
	});
}

/** n8n-node build copies every png and svg of the tree into dist, the README's pictures too. */
async function removeStrayImages() {
	const files = await readdir(DIST, { recursive: true }).catch(() => []);
	const stray = files.filter((file) => /\.(png|svg)$/.test(file) && !/^icons[\\/]/.test(file));
	await Promise.all(stray.map((file) => rm(join(DIST, file))));
}

/** `gulp catalogue --spec <swagger.yaml | https URL of a PBX> [--out <file>]`, see scripts/catalogue.ts. */
function catalogue() {
	const tsx = require.resolve('tsx/cli');
	const script = join(__dirname, 'scripts', 'catalogue.ts');
	const options = ['spec', 'out'].flatMap((name) => {
		const index = process.argv.indexOf(`--${name}`);
		return index < 0 ? [] : process.argv.slice(index, index + 2);
	});
	return spawn(process.execPath, [tsx, script, ...options], { stdio: 'inherit' });
}

/** Writes the JavaScript of dist so that n8n reads little when it starts, see scripts/lazyModules.cjs. */
async function lazy() {
	await writeLazyModules(__dirname, DIST);
	await bundleModules(__dirname, DIST);
}

/** Writes into dist what operations give, see scripts/outputSchemas.cjs. */
async function schemas() {
	await writeOutputSchemas(__dirname, DIST);
}

/** Writes the English names of the countries that libphonenumber knows, see lib/phone/country.ts. */
async function countries() {
	const { countries: known } = require('libphonenumber-js/metadata.min.json');
	const english = new Intl.DisplayNames(['en'], { type: 'region' });
	const names = Object.fromEntries(Object.keys(known).map((code) => [code, english.of(code)]));
	await writeFile(COUNTRY_NAMES, `${JSON.stringify(names, null, '\t')}\n`);
}

exports.countries = countries;
exports.icons = icons;
exports.lazy = lazy;
exports.schemas = schemas;
exports.catalogue = catalogue;
exports.default = icons;
