// The bookshop's page: finds books, keeps a basket, places orders, and shows everybody's orders as they arrive.
// Everything goes through the public API. Text from the API is only ever set as text, never as HTML.

import { watchOrders } from "./live.js";

const PAGE_SIZE = 24;
const TYPING_PAUSE = 200; // Milliseconds without a keystroke before a search is sent.

const byId = (id) => document.getElementById(id);
const search = byId("search");
const euros = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const numbers = new Intl.NumberFormat("en");

const basket = new Map(); // Book id -> { book, quantity }
let page = 1;
let latestSearch = null;

/** Make an element with a class and children; strings become text. */
function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Call the API and return its JSON; throw an Error with a sentence for people when it refuses. */
async function call(path, options = {}) {
  const response = await fetch(`api/${path}`, options);
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const detail = Array.isArray(body.detail)
    ? body.detail.map((each) => `${each.loc.at(-1)}: ${each.msg}`).join("; ")
    : body.detail;
  throw new Error(detail || `The shop answered ${response.status}.`);
}

// Finding books

/** Return what the form asks for, leaving out what is empty. */
function wanted() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(search)) {
    if (value && !(name === "sort" && value === "title")) query.set(name, value.trim());
  }
  return query;
}

/** Show the books the form asks for. A later search overtakes an earlier one that is still under way. */
async function showBooks() {
  latestSearch?.abort();
  latestSearch = new AbortController();
  const query = wanted();
  if (page > 1) query.set("page", page);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  query.set("size", PAGE_SIZE);
  const results = byId("results");
  results.setAttribute("aria-busy", "true");
  try {
    const found = await call(`books?${query}`, { signal: latestSearch.signal });
    results.replaceChildren(...found.items.map(bookCard));
    byId("count").textContent = summary(found);
    showPages(found);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("count").textContent = `The books could not be read. ${error.message}`;
  }
  results.removeAttribute("aria-busy");
}

function summary(found) {
  if (found.total === 0) return "No book matches. Try fewer words, or another filter.";
  const first = (found.page - 1) * found.size + 1;
  const last = Math.min(found.page * found.size, found.total);
  return found.total === 1 ? "One book" : `${numbers.format(found.total)} books, showing ${first} to ${last}`;
}

function showPages(found) {
  byId("pages").hidden = found.pages < 2;
  byId("where").textContent = `Page ${found.page} of ${found.pages}`;
  byId("previous").disabled = !found.links.previous;
  byId("next").disabled = !found.links.next;
}

function turnTo(number) {
  page = number;
  showBooks().then(() => {
    byId("results").focus({ preventScroll: true });
    search.scrollIntoView({ block: "start" });
  });
}

// Showing books

const names = (book) => book.authors.map((author) => author.name).join(" and ") || "Anonymous";

function year(book) {
  const plain = book.published < 0 ? `${-book.published} BCE` : `${book.published}`;
  return book.circa ? `c. ${plain}` : plain;
}

// Hues of bookcloth: oxblood, tan, mustard, olive, forest, teal, slate, navy, plum, burgundy.
const CLOTH = [4, 24, 40, 78, 152, 186, 208, 226, 272, 332];

/** Return the hue of a book's cloth, always the same for one book. */
function hue(text) {
  let hash = 2166136261; // FNV-1a, which spreads even titles that begin alike.
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 16777619) >>> 0;
  return CLOTH[(hash >>> 8) % CLOTH.length];
}

function coverOf(book) {
  const cover = make("div", "cover", make("span", "cover-title", book.title), make("span", "cover-author", names(book)));
  cover.setAttribute("aria-hidden", "true"); // The same words stand beside it.
  cover.style.setProperty("--hue", hue(names(book) + book.title));
  if (book.has_cover) {
    const picture = make("img");
    picture.alt = "";
    picture.loading = "lazy";
    picture.src = `api/books/${book.id}/cover?v=${book.version}`;
    cover.append(picture);
  }
  return cover;
}

function bookCard(book) {
  const title = make("h3", "", book.title);
  const card = make("li", "book", coverOf(book), title);
  if (book.original_title) {
    const original = make("p", "original", book.original_title);
    original.lang = book.language.code;
    card.append(original);
  }
  const stock = book.stock === 0 ? "sold out" : `${book.stock} in stock`;
  const stockLine = make("span", book.stock < 4 ? "few" : "", stock);
  card.append(make("p", "meta", `${names(book)}, ${year(book)}`, make("br"), `${book.language.name}, `, stockLine));
  const add = make("button", "", "Add");
  add.type = "button";
  add.disabled = book.stock === 0;
  add.setAttribute("aria-label", `Add ${book.title} to the basket`);
  add.addEventListener("click", () => putInBasket(book));
  card.append(make("div", "buy", make("span", "price", euros.format(book.price)), add));
  card.dataset.id = book.id;
  return card;
}

// The basket

function putInBasket(book) {
  const line = basket.get(book.id) ?? { book, quantity: 0 };
  line.quantity = Math.min(line.quantity + 1, book.stock, 99);
  basket.set(book.id, line);
  byId("message").textContent = "";
  showBasket();
}

function showBasket() {
  const lines = [...basket.values()];
  byId("basket").replaceChildren(...lines.map(basketLine));
  byId("basket-empty").hidden = lines.length > 0;
  byId("basket-foot").hidden = lines.length === 0;
  byId("basket-total").textContent = euros.format(lines.reduce((sum, line) => sum + line.quantity * line.book.price, 0));
}

function basketLine({ book, quantity }) {
  const remove = make("button", "", "×");
  remove.type = "button";
  remove.setAttribute("aria-label", `Take ${book.title} out of the basket`);
  remove.addEventListener("click", () => {
    basket.delete(book.id);
    showBasket();
  });
  return make("li", "", make("span", "", book.title), make("span", "price", `${quantity} × ${euros.format(book.price)}`), remove);
}

// Ordering

async function placeOrder(form) {
  const { username, password, ...shipTo } = Object.fromEntries(new FormData(form));
  const { access_token: token } = await call("token", {
    method: "POST",
    body: new URLSearchParams({ username, password, scope: "orders" }),
  });
  return call("orders", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      items: [...basket.values()].map(({ book, quantity }) => ({ book_id: book.id, quantity })),
      ship_to: shipTo,
    }),
  });
}

async function submitOrder(event) {
  event.preventDefault();
  const place = byId("place");
  place.disabled = true;
  byId("order-error").textContent = "";
  try {
    const order = await placeOrder(event.target);
    basket.clear();
    showBasket();
    byId("order-dialog").close();
    byId("message").textContent = `Thank you. Your order is number ${order.id}.`;
    showBooks();
  } catch (error) {
    byId("order-error").textContent = error.message;
  }
  place.disabled = false;
}

// Everybody's orders

const STATES = { connecting: "connecting", live: "live", waiting: "reconnecting" };

function showState(state) {
  byId("live-state").dataset.state = state;
  byId("live-state").textContent = STATES[state];
}

function showOrder(order, fresh) {
  const at = new Date(order.placed_at);
  const time = make("time", "", at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = order.placed_at;
  const entry = make(
    "li",
    fresh ? "fresh" : "",
    make("div", "head", make("span", "", `Order ${order.id} to ${order.country}`), time),
    make("div", "titles", order.titles.join(", ")),
    make("div", "meta", `${order.copies === 1 ? "one copy" : `${order.copies} copies`}, ${euros.format(order.total)}`),
  );
  entry.dataset.order = order.id;
  byId("live-empty").hidden = true;
  byId("live").prepend(entry);
  while (byId("live").children.length > 30) byId("live").lastElementChild.remove();
}

// Starting

function fillChoices(select, counts) {
  for (const { value, name, books } of counts) {
    select.append(new Option(`${name} (${books})`, value));
  }
}

async function start() {
  let typing = 0;
  const searchAgain = () => {
    page = 1;
    showBooks();
  };
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    searchAgain();
  });
  byId("q").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(searchAgain, TYPING_PAUSE);
  });
  for (const name of ["language", "subject", "sort", "in_stock"]) byId(name).addEventListener("change", searchAgain);
  byId("previous").addEventListener("click", () => turnTo(page - 1));
  byId("next").addEventListener("click", () => turnTo(page + 1));
  byId("checkout").addEventListener("click", () => byId("order-dialog").showModal());
  byId("cancel").addEventListener("click", () => byId("order-dialog").close());
  byId("order-form").addEventListener("submit", submitOrder);
  watchOrders(showOrder, showState);

  try {
    const catalogue = await call("catalogue");
    byId("tagline").textContent =
      `${numbers.format(catalogue.books)} books by ${numbers.format(catalogue.authors)} authors, all in the public domain`;
    fillChoices(byId("language"), catalogue.languages);
    fillChoices(byId("subject"), catalogue.subjects);
  } finally {
    // The address may ask for a language that is only now among the choices.
    const asked = new URLSearchParams(location.search);
    for (const name of ["q", "language", "subject"]) byId(name).value = asked.get(name) ?? "";
    byId("sort").value = asked.get("sort") ?? "title";
    byId("in_stock").checked = asked.get("in_stock") === "true";
    page = Number(asked.get("page")) || 1;
    await showBooks();
  }
}

start();
