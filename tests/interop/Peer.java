// SPDX-License-Identifier: GPL-2.0-or-later
// A TLS peer of JSSE: what comes from the other end goes to standard output, and standard input goes there.
//
//   java Peer.java client|server PORT PKCS12 CA
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class Peer {
	static final char[] PASSWORD = "lab".toCharArray();
	static volatile SSLSocket current;

	static SSLContext context(String pkcs12, String ca) throws Exception {
		KeyStore own = KeyStore.getInstance("PKCS12"), trusted = KeyStore.getInstance("PKCS12");
		try (InputStream in = new FileInputStream(pkcs12)) {
			own.load(in, PASSWORD);
		}
		trusted.load(null, null);
		try (InputStream in = new FileInputStream(ca)) {
			trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
		}
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		keys.init(own, PASSWORD);
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		SSLContext made = SSLContext.getInstance("TLS");
		made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
		return made;
	}

	static void copy(InputStream in, OutputStream out) throws IOException {
		byte[] data = new byte[16384];
		for (int n; (n = in.read(data)) > 0;) {
			out.write(data, 0, n);
			out.flush();
		}
	}

	/** The first octets to be sent come when there is a session: a client's, or an answer in one. */
	static void write() {
		byte[] data = new byte[16384];
		try {
			for (int n; (n = System.in.read(data)) > 0;)
				current.getOutputStream().write(data, 0, n);
		} catch (IOException e) {
			System.err.println(e);
		}
	}

	/** A session until the other end closes it. */
	static void serve(SSLSocket socket) {
		current = socket;
		try (socket) {
			socket.startHandshake();
			System.err.println(socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite());
			copy(socket.getInputStream(), System.out);
		} catch (IOException e) {
			System.err.println(e);
		}
	}

	static SSLSocket connect(SSLContext context, int port) throws IOException {
		SSLSocket socket = (SSLSocket)context.getSocketFactory().createSocket("localhost", port);
		SSLParameters parameters = socket.getSSLParameters();

		parameters.setEndpointIdentificationAlgorithm("HTTPS");
		socket.setSSLParameters(parameters);
		return socket;
	}

	public static void main(String[] args) throws Exception {
		SSLContext context = context(args[2], args[3]);
		int port = Integer.parseInt(args[1]);
		Thread writer = new Thread(Peer::write);

		writer.setDaemon(true);
		if (args[0].equals("client")) {
			current = connect(context, port);
			writer.start();
			serve(current);
			return;
		}
		writer.start();
		try (ServerSocket listener = context.getServerSocketFactory().createServerSocket(port, 16,
		    InetAddress.getByName("127.0.0.1"))) {
			((SSLServerSocket)listener).setNeedClientAuth(true);
			while (true)
				serve((SSLSocket)listener.accept());
		}
	}
}
