// The status page of made-up daemons: sound HTML that needs nothing else and believes no text, and what Chromium makes of it.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const http = require('node:http');
const path = require('node:path');
const { test } = require('node:test');
const { Chromium, whyNoChromium } = require('../lib/chromium.js');

const PROGRAM = path.join(__dirname, '..', '..', 'build', 'tests', 'live_status_page');
const SCENES = ['well', 'trouble', 'starting', 'hostile', 'full'];
const ENOUGH = 4.5; // WCAG AA, text of any size

function scene(name) {
	const text = execFileSync(PROGRAM, [name], { encoding: 'utf8' });
	const end = text.indexOf('\n');
	return { policy: text.slice(0, end), page: text.slice(end + 1) };
}
const pages = Object.fromEntries(SCENES.map((name) => [name, scene(name)]));

// Every tag with its attributes; throws where a tag is not closed, or text could be taken for one.
function parse(page) {
	const open = [];
	const tags = [];
	const body = page.replace(/^<!DOCTYPE html>\n/, '').replace(/<style>[^<]*<\/style>/, '');
	let text = '';
	for (const piece of body.split(/(<[^>]*>)/)) {
		if (!piece.startsWith('<')) {
			assert.doesNotMatch(piece, />/);
			assert.doesNotMatch(piece.replace(/&#\d+;/g, ''), /&/);
			text += piece;
			continue;
		}
		const match = /^<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>$/.exec(piece);
		assert.ok(match, piece);
		const [, closes, name, rest] = match;
		if (closes) assert.equal(open.pop(), name, `${piece} closes ${name}`);
		else if (!['meta', 'link', 'br', 'wbr'].includes(name)) open.push(name);
		if (!closes) tags.push({ tag: name, ...Object.fromEntries([...rest.matchAll(/ ([a-z-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])) });
	}
	assert.deepEqual(open, []);
	return { tags, text };
}

test('sound HTML: every tag closed, one title, one h1, a header in each table, nothing from elsewhere', () => {
	for (const [name, { page, policy }] of Object.entries(pages)) {
		const { tags } = parse(page);
		const count = (tag) => tags.filter((one) => one.tag === tag).length;
		for (const tag of ['html', 'title', 'h1', 'main', 'header', 'footer']) assert.equal(count(tag), 1, `${name}: ${tag}`);
		assert.equal(page.match(/<style/g).length, 1);
		assert.equal(tags[0].lang, 'en');
		assert.match(tags.find((tag) => tag['http-equiv'] === 'refresh').content, /^\d+$/);
		assert.ok(tags.some((tag) => tag.name === 'viewport' && tag.content === 'width=device-width, initial-scale=1'));
		assert.deepEqual(tags.filter((tag) => ['script', 'img', 'iframe', 'object', 'form', 'svg'].includes(tag.tag) || tag.src || tag.style || Object.keys(tag).some((key) => key.startsWith('on'))), [], name);
		for (const { href } of tags.filter((tag) => tag.href !== undefined)) assert.match(href, /^(data:,|\/[a-zA-Z0-9/]*|https:\/\/certificates\.example\/[^"<>]*)$/);
		assert.doesNotMatch(page.replaceAll('<a href="https://certificates.example/', ''), /url\(|@import|:\/\//);
		for (const table of page.match(/<table>.*?<\/table>/gs)) assert.match(table, /<th scope="(col|row)"/);
		const [, style] = /<style>([^<]*)<\/style>/.exec(page);
		assert.equal(policy, `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
		assert.ok(page.length < 65536, name);
	}
});

test('it says what is: readiness in words, reasons, due draws, counts, amounts with decimals, endpoints', () => {
	const text = (name) => parse(pages[name].page).text.replaceAll('\u00a0', ' ');
	assert.match(text('well'), /✓ Ready/);
	for (const part of ['pools1,240', 'paid since the start4,117', 'draws the wallet pays for1,306', '47,034.482758', '3.91824412', '9 of 12', '14 s ago', '447,552,312']) assert.ok(text('well').includes(part), part);
	assert.doesNotMatch(text('well'), /What is wrong|overdue|Due draws/);
	assert.match(text('well'), /Draws of the database.*7locked1drawn7draw of the database: its drand round is not due yet1draw of the database: halted, .*: a human must look/);
	assert.ok(!text('starting').includes('Draws of the database'), 'no table where there are none');
	const trouble = text('trouble');
	assert.match(trouble, /✗ Not ready/);
	for (const part of ['database: Postgres has been away for 31 s', 'wallet: 120400 lamports do not pay', 'overdue 12 minsince 12:47:28', 'no oracle\'s gateway answered our canary', 'a human must look', 'rpc2down3,1044,999 ms', 'Postgresaway']) assert.ok(trouble.includes(part), part);
	assert.equal(trouble.match(/overdue 12 min/g).length, 1);
	assert.ok(text('starting').includes('running: starting: endpoints and database are being checked'));
	assert.doesNotMatch(text('starting'), /Last draws|Figures/);
	assert.match(text('full'), /and 18446744073709551607 more/);
});

test('the last certificates are linked where they are published, newest first', () => {
	const links = parse(pages.full.page).tags.filter(({ href }) => href?.startsWith('https:')).map(({ href }) => href);
	assert.equal(links.length, 10);
	assert.equal(links[0], 'https://certificates.example/lottery/99999-00000000-0000-4000-8000-000000000001.json');
	assert.doesNotMatch(pages.well.page, /Last certificates/);
});

test('text from outside stays text, in whatever it is dressed', () => {
	const { page } = pages.hostile;
	assert.doesNotMatch(page, /<script|<b |<img|&amp;/i);
	assert.ok(page.includes('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\ufffd'));
	assert.ok(page.includes('&#60;b onmouseover=&#39;x&#39;&#62;&#34;&#38;amp;\u05e9\u05dc\ufffd\ufffd\ufffd:&#60;/table&#62;</bdi>'));
	assert.doesNotMatch(page, /[\u202a-\u202e\u2066-\u2069\u0001]/);
});

function luminance(rgb) {
	const [r, g, b] = rgb.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (light + 0.05) / (dark + 0.05);
}

test('both palettes have enough contrast', () => {
	const palettes = [...pages.well.page.matchAll(/:root\{([^}]*)\}/g)].map(([, rules]) => Object.fromEntries([...rules.matchAll(/--(\w+):#(\w+)/g)].map(([, name, hex]) => [name, (hex.length === 3 ? [...hex].map((digit) => digit + digit) : hex.match(/../g)).map((pair) => parseInt(pair, 16))])));
	assert.equal(palettes.length, 2);
	for (const palette of palettes) {
		for (const text of ['ink', 'dim', 'good', 'bad']) for (const ground of ['paper', 'card']) assert.ok(contrast(palette[text], palette[ground]) >= ENOUGH, `${text} on ${ground}`);
		assert.ok(contrast(palette.ink, palette.tint) >= ENOUGH);
	}
});

// ---- in Chromium ----

// What a reader would complain of; [] when nothing. Runs in the page.
function wrongWithLayout() {
	const wrong = [];
	const say = (element, what) => wrong.push(`${element.tagName.toLowerCase()} "${element.textContent.trim().slice(0, 30)}": ${what}`);
	const view = document.documentElement;
	if (view.scrollWidth > view.clientWidth) wrong.push(`scrolls sideways: ${view.scrollWidth} > ${view.clientWidth}`);
	for (const element of document.querySelectorAll('body *')) {
		const box = element.getBoundingClientRect();
		const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
		if (!own) continue;
		if (box.left < 0 || box.right > view.clientWidth + 0.5) say(element, `from ${box.left} to ${box.right}`);
		if (box.width < 1 || box.height < 8) say(element, 'is not to be seen');
		if (parseFloat(getComputedStyle(element).fontSize) < 12) say(element, 'is too small');
	}
	const sections = [...document.querySelectorAll('section')];
	for (const section of sections) {
		const style = getComputedStyle(section);
		if (style.borderTopStyle !== 'solid' || parseFloat(style.paddingLeft) < 8) say(section, 'has no style');
		for (const other of sections) {
			const [a, b] = [section.getBoundingClientRect(), other.getBoundingClientRect()];
			if (section !== other && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) say(section, 'lies over another');
		}
	}
	if (parseFloat(getComputedStyle(document.querySelector('h1')).fontSize) < 36) wrong.push('the headline is small');
	for (const cell of document.querySelectorAll('td.n')) if (!getComputedStyle(cell).fontVariantNumeric.includes('tabular-nums')) say(cell, 'digits do not line up');
	return wrong;
}

// [text, ground] colours of all text that there is. Runs in the page.
function colours() {
	const seen = new Set();
	const rgb = (value) => value.match(/[\d.]+/g).map(Number);
	for (const element of document.querySelectorAll('body *')) {
		let ground = element;
		while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
		seen.add(JSON.stringify([rgb(getComputedStyle(element).color), ground ? rgb(getComputedStyle(ground).backgroundColor) : null]));
	}
	return [...seen].map((pair) => JSON.parse(pair));
}

test('in Chromium: no complaint, nothing else asked for, all to be read at every width, in light and in dark', { skip: whyNoChromium() ?? false, timeout: 120000 }, async (t) => {
	const server = http.createServer((request, response) => {
		const { policy, page } = pages[request.url.slice(1)] ?? {};
		response.writeHead(page ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy ?? '' }).end(page);
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	t.after(() => server.close());
	const browser = await Chromium.start();
	t.after(() => browser.stop());
	for (const name of SCENES) {
		for (const [width, height, scheme] of [[390, 844, 'light'], [390, 844, 'dark'], [320, 640, 'light'], [1280, 900, 'dark']]) {
			const where = `${name} at ${width} in ${scheme}`;
			const url = `http://127.0.0.1:${server.address().port}/${name}`;
			await browser.open(url, { width, height, scheme });
			assert.deepEqual(browser.complaints(), [], where);
			assert.deepEqual(browser.requests().filter((asked) => !asked.startsWith('data:')), [url], where);
			assert.deepEqual(await browser.run(String(wrongWithLayout)), [], where);
			const pairs = await browser.run(String(colours));
			assert.ok(pairs.length >= 4, where);
			for (const [text, ground] of pairs) assert.ok(ground && contrast(text, ground) >= ENOUGH, `${where}: ${text} on ${ground}`);
			assert.equal(luminance(pairs[0][1]) < 0.5, scheme === 'dark', where);
			assert.ok((await browser.screenshot()).length > 20000, `${where}: blank`);
		}
	}
});
