// The live feed of orders, over a WebSocket that comes back by itself.

const FIRST_WAIT = 500; // Milliseconds before the first attempt to reconnect; doubles up to the longest.
const LONGEST_WAIT = 15000;
const BACKLOG = 10;

/**
 * Watch orders for as long as the page lives.
 *
 * onOrder(order, fresh) is called once for each order, oldest first; fresh is false for those from before.
 * onState(state) hears "connecting", "live" and "waiting".
 */
export function watchOrders(onOrder, onState) {
  const opened = Date.now();
  let wait = FIRST_WAIT;
  let lastSeen = 0;

  function connect() {
    onState("connecting");
    const address = new URL(`api/feed/orders?replay=${BACKLOG}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      onState("live");
    });
    socket.addEventListener("message", (message) => {
      const order = JSON.parse(message.data);
      // After reconnecting the feed starts with orders already shown.
      if (order.id <= lastSeen) return;
      lastSeen = order.id;
      onOrder(order, Date.parse(order.placed_at) >= opened - 1000);
    });
    socket.addEventListener("close", () => {
      onState("waiting");
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  connect();
}
