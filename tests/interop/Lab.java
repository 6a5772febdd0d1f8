// SPDX-License-Identifier: GPL-2.0-or-later
// Many TLS peers of JSSE in one process, one for each certificate. They believe everybody and always show their
// certificate, so that only the other end judges.
//
//   java Lab.java server VERSION (PORT PKCS12)...      listens until it is stopped
//   java Lab.java client VERSION HEX (PORT PKCS12)...  connects to each, sends the octets, and says how it went
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

public class Lab {
	static final char[] PASSWORD = "lab".toCharArray();

	/** Shows one chain, whatever is asked for. */
	static class Own extends X509ExtendedKeyManager {
		final X509Certificate[] chain;
		final PrivateKey key;

		Own(String pkcs12) throws Exception {
			KeyStore store = KeyStore.getInstance("PKCS12");
			try (InputStream in = new FileInputStream(pkcs12)) {
				store.load(in, PASSWORD);
			}
			String alias = store.aliases().nextElement();
			key = (PrivateKey)store.getKey(alias, PASSWORD);
			var certificates = store.getCertificateChain(alias);
			chain = java.util.Arrays.copyOf(certificates, certificates.length, X509Certificate[].class);
		}

		boolean fits(String type) {
			String algorithm = key.getAlgorithm();
			return type.contains(algorithm) || (type.startsWith("EC") && algorithm.equals("EC")) ||
			    (type.equals("EdDSA") && algorithm.startsWith("Ed"));
		}

		@Override public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) { return "own"; }
		@Override public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
			return fits(type) ? "own" : null;
		}
		@Override public String chooseEngineClientAlias(String[] t, Principal[] i, SSLEngine e) { return "own"; }
		@Override public String[] getClientAliases(String type, Principal[] issuers) { return new String[] { "own" }; }
		@Override public String[] getServerAliases(String type, Principal[] issuers) { return new String[] { "own" }; }
		@Override public X509Certificate[] getCertificateChain(String alias) { return chain; }
		@Override public PrivateKey getPrivateKey(String alias) { return key; }
	}

	static class Everybody extends X509ExtendedTrustManager {
		@Override public void checkClientTrusted(X509Certificate[] c, String a) { }
		@Override public void checkServerTrusted(X509Certificate[] c, String a) { }
		@Override public void checkClientTrusted(X509Certificate[] c, String a, Socket s) { }
		@Override public void checkServerTrusted(X509Certificate[] c, String a, Socket s) { }
		@Override public void checkClientTrusted(X509Certificate[] c, String a, SSLEngine e) { }
		@Override public void checkServerTrusted(X509Certificate[] c, String a, SSLEngine e) { }
		@Override public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
	}

	static SSLContext context(String pkcs12) throws Exception {
		SSLContext made = SSLContext.getInstance("TLS");
		made.init(new KeyManager[] { new Own(pkcs12) }, new TrustManager[] { new Everybody() }, null);
		return made;
	}

	/** One peer after the other; each octet that comes is thrown away. */
	static void serve(SSLServerSocket listener) {
		while (true) {
			try (SSLSocket socket = (SSLSocket)listener.accept()) {
				socket.startHandshake();
				socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
			} catch (Exception e) {
				System.err.println(listener.getLocalPort() + " " + e);
			}
		}
	}

	static void listen(String version, int port, String pkcs12) throws Exception {
		SSLServerSocket listener = (SSLServerSocket)context(pkcs12).getServerSocketFactory()
		    .createServerSocket(port, 16, InetAddress.getByName("127.0.0.1"));
		listener.setEnabledProtocols(new String[] { version });
		listener.setWantClientAuth(true);
		new Thread(() -> serve(listener)).start();
	}

	/** Is the one who asks answered? */
	static String ask(String version, int port, String pkcs12, byte[] question) {
		try (SSLSocket socket = (SSLSocket)context(pkcs12).getSocketFactory().createSocket("127.0.0.1", port)) {
			socket.setEnabledProtocols(new String[] { version });
			socket.setSoTimeout(10000);
			socket.startHandshake();
			socket.getOutputStream().write(question);
			return socket.getInputStream().read() >= 0 ? "admitted" : "closed";
		} catch (Exception e) {
			return "refused " + e;
		}
	}

	public static void main(String[] args) throws Exception {
		Security.setProperty("jdk.tls.disabledAlgorithms", "");
		Security.setProperty("jdk.certpath.disabledAlgorithms", "");
		if (args[0].equals("server")) {
			for (int i = 2; i + 1 < args.length; i += 2)
				try {
					listen(args[1], Integer.parseInt(args[i]), args[i + 1]);
				} catch (Exception e) {
					System.err.println(args[i + 1] + ": " + e);
				}
			System.out.println("ready");
			return;
		}
		byte[] question = HexFormat.of().parseHex(args[2]);
		for (int i = 3; i + 1 < args.length; i += 2)
			System.out.println(args[i] + " " + ask(args[1], Integer.parseInt(args[i]), args[i + 1], question));
	}
}
