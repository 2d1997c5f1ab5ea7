// serve.mjs PORT starts fauxqs on 127.0.0.1. It listens on all interfaces by itself, and has no
// option for it, so the listening is changed before it is loaded.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (options, ...rest) {
	if (options === null || typeof options !== "object") {
		throw new Error("fauxqs listens in a way that is not known to serve.mjs");
	}
	return listen.call(this, { ...options, host: "127.0.0.1", ipv6Only: undefined }, ...rest);
};

const { startFauxqs } = await import("fauxqs");
await startFauxqs({ port: Number(process.argv[2]), host: "127.0.0.1", logger: false });
