import Foundation
import MeshModel
import Testing

/// A Service Fabric cluster that takes nobody without a certificate of its own authority, as a secured cluster does.
@Suite("Service Fabric behind client certificates", .serialized)
struct ClusterCertificateTests {
  /// A relay that takes TLS with a client's certificate and speaks plain HTTP to the embedded Service Fabric.
  static let relay = """
    import os, socket, ssl, sys, threading
    folder, target = sys.argv[1], int(sys.argv[2])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder + "/ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
    listener = socket.create_server(("127.0.0.1", 0))
    print('{"port": %d}' % listener.getsockname()[1], flush=True)
    def pump(source, sink):
        try:
            while data := source.recv(65536): sink.sendall(data)
        except OSError: pass
        finally:
            for end in (source, sink):
                try: end.shutdown(socket.SHUT_RDWR)
                except OSError: pass
    def serve(peer):
        peer = context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
        try: peer.do_handshake()
        except (OSError, ssl.SSLError):
            # What the client sent meanwhile is read, or the system would take back the refusal that is on its way.
            rest = socket.socket(fileno=os.dup(peer.fileno()))
            rest.settimeout(10)
            try:
                rest.shutdown(socket.SHUT_WR)
                while rest.recv(65536): pass
            except OSError: pass
            return
        upstream = socket.create_connection(("127.0.0.1", target))
        threading.Thread(target=pump, args=(peer, upstream), daemon=True).start()
        pump(upstream, peer)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()
    """

  static let certificates = """
    set -e
    new="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    authority() { openssl req -x509 $new -keyout $1.key -out $1.pem -days 30 -subj /CN=$1 \
      -addext basicConstraints=critical,CA:TRUE; }
    signed() { openssl req $new -keyout $1.key -out $1.csr -subj "$3" && echo "$4" > $1.ext &&
      openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $5 -out $1.pem -extfile $1.ext; }
    authority ca; authority stranger
    signed server ca /CN=cluster "subjectAltName=IP:127.0.0.1" 30
    signed operator ca "/O=Shop/CN=fabric-operator" "extendedKeyUsage=clientAuth" 30
    signed other stranger /CN=other "extendedKeyUsage=clientAuth" 30
    """

  @Test("the certificate opens the cluster and is named by the check; none and a stranger's are refused in plain words")
  func aSecuredCluster() async throws {
    let deck = try Tool(kubeconfig: nil)
    let folder = try Program.temporaryFolder()
    let tools = try await deck.run(["/bin/sh", "-c", "command -v openssl && command -v python3"])
    guard tools.code == 0 else {
      print("SKIPPED: client certificates of a cluster need openssl and python3")
      return
    }
    let made = try await deck.run(["/bin/bash", "-c", "cd \(folder) && { \(Self.certificates)\n} 2>&1"])
    try #require(made.code == 0, "\(made.output)")
    let address = try await ServiceFabricCommandTests.address()
    let target = try #require(address.split(separator: ":").last.map(String.init))
    let script = try deck.file("relay.py", Self.relay)
    let server = try await Server.start(
      Server.untilEnd(["python3", script, folder, target], environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"]))
    defer { withExtendedLifetime(server) {} }
    let port = try #require(server.announced["port"]?.int)
    func add(_ name: String, _ identity: String?) async throws {
      var words = ["planes", "add", name, "--kind", "service-fabric", "--url", "https://127.0.0.1:\(port)"]
      words += ["--ca-file", folder + "/ca.pem"]
      if let identity {
        words += ["--cert-file", "\(folder)/\(identity).pem", "--key-file", "\(folder)/\(identity).key"]
      }
      let added = try await deck.run([Program.meshdeck] + words)
      #expect(added.code == 0, "\(added.errors)")
    }
    try await add("secured", "operator")
    try await add("nobody", nil)
    try await add("stranger", "other")
    let services = try await deck("get", "services", "-A", "-o", "name", "-p", "secured")
    #expect(services.output.contains("secured/reports/service/api\n"), "\(services.output)\(services.errors)")
    let check = try await deck("planes", "check", "-p", "secured")
    #expect(check.code == 0, "\(check.output)\(check.errors)")
    #expect(check.output.contains("CN=fabric-operator,O=Shop"), "\(check.output)")
    #expect(check.output.contains("may read"), "\(check.output)")
    let nobody = try await deck("get", "services", "-A", "-p", "nobody")
    #expect(nobody.code == 6 || nobody.code == 5, "\(nobody.code)")
    #expect(nobody.errors.contains("wants a client certificate"), "\(nobody.errors)")
    #expect(nobody.errors.contains("correct the plane's clientCertificate"), "\(nobody.errors)")
    let stranger = try await deck("get", "services", "-A", "-p", "stranger")
    #expect(stranger.errors.contains("does not know the authority of the client certificate"), "\(stranger.errors)")
    let key = try String(contentsOfFile: folder + "/operator.key", encoding: .utf8).split(separator: "\n")[1]
    for run in [check, nobody, stranger, services] { #expect(!(run.output + run.errors).contains(key)) }
  }
}
