import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// The embedded mesh over https, asked by clients that verify it.
  @Suite(.serialized, .timeLimit(.minutes(2))) struct SecureServerTests {
    @Test func everyCommandWorksOverHTTPS() async throws {
      let endpoints = try await DemoServer.secured.endpoints()
      #expect(endpoints.kubernetes.hasPrefix("https://127.0.0.1:"))
      let tool = try await DemoServer.secured.tool()
      let splits = try await tool("get", "splits", "-A", "-o", "json")
      #expect(splits.code == 0, "\(splits.errors)")
      #expect(try splits.json["items"]?.array?.isEmpty == false)
      let checks = try await tool("planes", "check")
      #expect(checks.code == 0, "\(checks.output)\(checks.errors)")
    }

    @Test func kubectlReadsWritesAndFollows() async throws {
      guard KubectlTests.isInstalled else {
        print("SKIPPED: kubectl is not installed (apt-get install kubernetes-client): nothing was tested with it")
        return
      }
      let script = """
        set -e
        kubectl get virtualservices -A -o name | sort -u > names
        timeout 50 kubectl create configmap held --from-literal=a=1 -n default
        ( timeout 50 kubectl get configmap -n default -w -o jsonpath='{.metadata.name} {.data.a}{"\\n"}' > seen & echo $! > pid )
        for i in $(seq 200); do grep -q 'held 1' seen && break; sleep 0.1; done
        kubectl patch configmap held -n default --type merge -p '{"data":{"a":"2"}}'
        for i in $(seq 200); do grep -q 'held 2' seen && break; sleep 0.1; done
        kill $(cat pid) || true
        cat names seen
        """
      let run = try await DemoServer.secured.tool().shell(script)
      #expect(run.code == 0, "\(run.errors)")
      #expect(run.output.contains("virtualservice") && run.output.contains("held 2"), "\(run.output)")
    }

    @Test func nobodyIsTrustedUnasked() async throws {
      let endpoints = try await DemoServer.secured.endpoints()
      let tool = try Tool(kubeconfig: nil)
      // Its certificate is its own: a client that was not given it refuses.
      let stranger = try tool.file(
        "stranger.yaml",
        """
        {apiVersion: v1, kind: Config, current-context: x, users: [{name: x, user: {token: admin}}],
         clusters: [{name: x, cluster: {server: "\(endpoints.kubernetes)"}}],
         contexts: [{name: x, context: {cluster: x, user: x}}]}
        """)
      let refused = try await tool("get", "services", more: ["KUBECONFIG": stranger])
      #expect(refused.code == 6 && refused.errors.contains("certificate"), "\(refused.errors)")
      // A request without credentials is nobody, unlike over http.
      let text = try String(contentsOfFile: endpoints.kubeconfig, encoding: .utf8)
      let nobody = try tool.file("nobody.yaml", text.replacingOccurrences(of: "token: \"admin\"", with: ""))
      let denied = try await tool("get", "services", more: ["KUBECONFIG": nobody])
      #expect(denied.code == 5, "\(denied.errors)")
    }

    @Test func whatIsNotTLSIsAnsweredByAnEnd() async throws {
      let endpoints = try await DemoServer.secured.endpoints()
      let port = try #require(endpoints.kubernetes.split(separator: ":").last)
      let tool = try Tool(kubeconfig: nil)
      // A server that hangs up with bytes unread resets the connection, which is an end as well: all but the patience of
      // `timeout`, which is 124.
      let run = try await tool.shell(
        """
        trap '' PIPE; exec 3<>/dev/tcp/127.0.0.1/\(port) || exit
        printf 'GET / HTTP/1.1\\r\\n\\r\\n' >&3; timeout 20 cat <&3 >/dev/null; [ $? -ne 124 ] || exit 124
        """)
      #expect(run.code == 0, "\(run.code == 124 ? "the connection stays open" : "there is none"): \(run.errors)")
      let again = try await DemoServer.secured.tool()("get", "services", "-A")
      #expect(again.code == 0, "a client of nonsense harms nobody else: \(again.errors)")
    }
  }
}
