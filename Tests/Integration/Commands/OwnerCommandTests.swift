import Foundation
import MeshModel
import Testing

extension CommandTests {
  /// Objects that other tools own, on an embedded mesh that serves those tools' kinds.
  @Suite(.timeLimit(.minutes(2))) struct OwnerCommandTests {
    private static let server = DemoServer(scenario: scenario)

    /// The path of a scenario in which Flagger owns a VirtualService and Argo CD another object; empty where it cannot be
    /// written.
    private static let scenario: String = {
      let text = """
        name: owned
        dialects: [owners]
        namespaces: {istio-system: {}, demo: {istio-injection: enabled}, argocd: {}}
        services:
          demo/web: {port: 8080, versions: {v1: {replicas: 1, p50: 5, p99: 20}}, calls: [{to: api, rps: 20, path: /}]}
          demo/api: {port: 8080, versions: {v1: {replicas: 1, p50: 5, p99: 20}, v2: {replicas: 1, p50: 5, p99: 20}}}
        objects:
          - apiVersion: flagger.app/v1beta1
            kind: Canary
            metadata: {name: api, namespace: demo}
            spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, analysis: {interval: 1m, threshold: 5}}
          - apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata:
              {name: api, namespace: demo, ownerReferences: [{apiVersion: flagger.app/v1beta1, kind: Canary, name: api, uid: u}]}
            spec:
              hosts: [api]
              http:
                - route:
                    - {destination: {host: api, subset: v1}, weight: 90}
                    - {destination: {host: api, subset: v2}, weight: 10}
          - apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {name: api, namespace: demo, annotations: {argocd.argoproj.io/tracking-id: "shop:x/DestinationRule:demo/api"}}
            spec: {host: api, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
          - apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata: {name: web, namespace: demo}
            spec: {strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}, {setWeight: 50}]}}}
            status: {currentStepIndex: 1, pauseConditions: [{reason: CanaryPauseStep}]}
          - apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: shop, namespace: argocd}
            spec: {project: default, syncPolicy: {automated: {prune: true, selfHeal: true}}}
          - apiVersion: flagger.app/v1beta1
            kind: Canary
            metadata: {name: web, namespace: demo}
            spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, analysis: {interval: 1m, threshold: 5}}
            status: {phase: Progressing, canaryWeight: 10}
          - apiVersion: kustomize.toolkit.fluxcd.io/v1
            kind: Kustomization
            metadata: {name: apps, namespace: demo}
            spec: {interval: 5m, path: ./apps}
        """
      return (try? Tool(kubeconfig: nil).file("owned.yaml", text)) ?? ""
    }()

    @Test func flaggersWeightsAreWarnedOfAndHeldByAPlanThatCanBeTakenBack() async throws {
      let tool = try await Self.server.tool()
      let edit = ["canary", "set", "api", "v1=70", "v2=30", "-n", "demo", "--dry-run", "client"]
      let warned = try await tool.run([Program.meshdeck] + edit)
      #expect(warned.code == 0, "\(warned.errors)")
      #expect(warned.output.contains("Flagger api owns this object (owner reference Canary api)"))
      #expect(warned.output.contains("meshdeck owner suspend canary/api -n demo"))

      let held = try await tool("owner", "suspend", "canary/api", "-n", "demo", "-y")
      #expect(held.code == 0 && held.output.contains("+ ") && held.output.contains("suspend: true"), "\(held.errors)")
      #expect(try await tool.run([Program.meshdeck] + edit).output.contains("leaves the edit alone until"))
      let again = try await tool("owner", "suspend", "canary/api", "-n", "demo", "-y")
      #expect(again.code == 0 && again.errors.contains("nothing to do"), "\(again.errors)")

      let shown = try await tool("owner", "show", "virtualservice/api", "-n", "demo", "-o", "json").json
      #expect(shown["items"]?.array?.first?["held"] == true)
      #expect(shown["items"]?.array?.first?["kind"] == "canary.flagger.app")
      #expect(try await tool("undo", "-y").code == 0)
      let after = try await tool("owner", "show", "virtualservice/api", "-n", "demo", "-o", "json").json
      #expect(after["items"]?.array?.first?["held"] == false)
    }

    @Test func anApplicationIsFoundInWhateverNamespaceAndStopsHealing() async throws {
      let tool = try await Self.server.tool()
      let shown = try await tool("owner", "show", "destinationrule/api", "-n", "demo")
      #expect(shown.output.contains("meshdeck owner suspend application/shop -n argocd"), "\(shown.output)")
      let plan = try await tool("owner", "suspend", "application/shop", "--dry-run", "server", "-o", "json")
      #expect(plan.code == 0, "\(plan.errors)")
      let patch = try plan.json["steps"]?.array?.first?["after"]?["spec"]?["syncPolicy"]?["automated"]
      #expect(patch?["selfHeal"] == false && patch?["prune"] == true)
    }

    @Test func aRolloutIsMovedByItsStatusAndPutBack() async throws {
      let tool = try await Self.server.tool()
      func status() async throws -> JSONValue? {
        try await tool("get", "objects", "rollout", "-n", "demo", "-o", "json").json["items"]?[0]?["status"]
      }
      let promoted = try await tool("owner", "promote", "rollout/web", "-n", "demo", "-y")
      #expect(promoted.code == 0, "\(promoted.errors)")
      #expect(try await status()?["pauseConditions"] == nil)
      let aborted = try await tool("owner", "abort", "rollout/web", "-n", "demo", "-y")
      #expect(aborted.code == 0, "\(aborted.errors)")
      #expect(try await status()?["abort"] == true)
      #expect(try await tool("owner", "abort", "rollout/web", "-n", "demo", "-y").code == 3)
      #expect(try await tool("undo", "-y").code == 0)
      #expect(try await status()?["abort"] == nil)
      #expect(try await tool("undo", "-y").code == 0)
      #expect(try await status()?["pauseConditions"]?[0]?["reason"] == "CanaryPauseStep")
      let canary = try await tool("owner", "promote", "canary/api", "-n", "demo", "-y")
      #expect(canary.code == 3 && canary.errors.contains("no analysis of it is under way"), "\(canary.errors)")
      #expect(try await tool("owner", "retry", "canary/api", "-n", "demo", "-y").code == 2)
    }

    @Test func aCanaryIsLetToItsEndAndWhatNoFieldDoesIsToldAsACommand() async throws {
      let tool = try await Self.server.tool()
      func spec() async throws -> JSONValue? {
        try await tool("get", "objects", "canary.flagger.app", "-n", "demo", "-o", "json").json["items"]?.array?
          .first { $0["metadata"]?["name"] == "web" }?["spec"]
      }
      let plan = try await tool("owner", "promote", "canary/web", "-n", "demo", "--dry-run", "server")
      #expect(plan.code == 0 && plan.output.contains("without its analysis"), "\(plan.errors)")
      #expect(try await tool("owner", "promote", "canary/web", "-n", "demo", "-y").code == 0)
      #expect(try await spec()?["skipAnalysis"] == true)
      #expect(try await tool("undo", "-y").code == 0)
      #expect(try await spec()?["skipAnalysis"] == nil)
      let aborted = try await tool("owner", "abort", "canary/web", "-n", "demo", "-y")
      #expect(aborted.code == 3 && aborted.errors.contains("kubectl -n demo rollout undo deployment/web"))
    }

    @Test func whatGitSaysIsAskedFor() async throws {
      let tool = try await Self.server.tool()
      let application = try await tool("owner", "sync", "application/shop", "--dry-run", "server", "-o", "json")
      #expect(application.code == 0, "\(application.errors)")
      let after = try application.json["steps"]?[0]?["after"]
      #expect(after?["operation"]?["sync"]?["syncStrategy"]?["hook"] == [:])
      let flux = try await tool("owner", "sync", "kustomization/apps", "-n", "demo", "-y")
      #expect(flux.code == 0 && flux.output.contains("reconcile.fluxcd.io/requestedAt"), "\(flux.errors)")
    }

    @Test(arguments: [
      (["owner", "suspend", "canary/nosuch"], "there is no canary nosuch"),
      (["owner", "suspend", "deployment/api"], "no owner that can be held"),
      (["owner", "resume", "rollout/api"], "there is no rollout api"),
    ])
    func whatCannotBeHeldIsToldInWords(arguments: [String], words: String) async throws {
      let tool = try await Self.server.tool()
      let run = try await tool.run([Program.meshdeck] + arguments + ["-y"])
      #expect(run.code == 2 && run.errors.contains(words), "\(run.errors)")
    }
  }
}
