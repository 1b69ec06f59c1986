import MeshModel
import Testing

@testable import MeshPlanes

/// Who else writes an object, told by its metadata, in every dialect.
@Suite struct OwnerTests {
  @Test(
    arguments: [
      (#""ownerReferences":[{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"api"}]"#, "Flagger", "api"),
      (
        #""annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"api"}"#, "Argo Rollouts", "api"
      ),
      (#""managedFields":[{"manager":"rollouts-controller","operation":"Update"}]"#, "Argo Rollouts", ""),
      (#""annotations":{"argocd.argoproj.io/tracking-id":"shop:gateway/HTTPRoute:shop/api"}"#, "Argo CD", "shop"),
      (#""labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}"#, "Flux", "apps"),
      (#""annotations":{"meta.helm.sh/release-name":"shop"}"#, "Helm", "shop"),
      (#""ownerReferences":[{"apiVersion":"x.example/v1","kind":"Shift","name":"api"}]"#, "Shift", "api"),
    ])
  func ownersAreToldByWhatTheyLeaveOnAnObject(mark: String, tool: String, name: String) throws {
    let text = DialectFixtures.httpRoute.replacing("\"generation\":2", with: "\"generation\":2,\(mark)")
    let json = try JSONValue(parsing: text)
    #expect(ObjectOwners.owners(of: json).map(\.tool) == [tool])
    #expect(ObjectOwners.owners(of: json).first?.evidence.isEmpty == false)
    let route = try GatewayAPIDialect().route(of: DialectFixtures.native(text))
    #expect(route.owners.map(\.name) == [name])
  }

  /// One row a mark: the kind, namespace and name of the owner's own object.
  @Test(
    arguments: [
      (
        #""ownerReferences":[{"apiVersion":"flagger.app/v1beta1","kind":"Canary","name":"api"}]"#,
        "canary.flagger.app/shop/api"
      ),
      (
        #""annotations":{"argo-rollouts.argoproj.io/managed-by-rollouts":"api"}"#, "rollout.argoproj.io/shop/api"
      ),
      (#""annotations":{"argocd.argoproj.io/tracking-id":"web:x/Y:shop/api"}"#, "application.argoproj.io//web"),
      (#""annotations":{"argocd.argoproj.io/tracking-id":"team_web:x/Y:s/a"}"#, "application.argoproj.io/team/web"),
      (
        #""labels":{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}"#,
        "kustomization.kustomize.toolkit.fluxcd.io/flux-system/apps"
      ),
      (
        #""labels":{"helm.toolkit.fluxcd.io/name":"web","helm.toolkit.fluxcd.io/namespace":"shop"}"#,
        "helmrelease.helm.toolkit.fluxcd.io/shop/web"
      ),
      (#""managedFields":[{"manager":"helm-controller","operation":"Apply"}]"#, "helmrelease.helm.toolkit.fluxcd.io//"),
      (#""annotations":{"meta.helm.sh/release-name":"shop"}"#, "//shop"),
    ])
  func theOwnersOwnObjectIsNamedAsFarAsTheMarkTells(mark: String, expected: String) throws {
    let text = DialectFixtures.httpRoute.replacing("\"generation\":2", with: "\"generation\":2,\(mark)")
    let owner = try #require(ObjectOwners.owners(of: JSONValue(parsing: text)).first)
    #expect("\(owner.kind)/\(owner.namespace)/\(owner.name)" == expected)
  }
}
