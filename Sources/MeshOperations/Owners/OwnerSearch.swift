public import MeshModel
public import MeshPlanes

/// An owner with its own object, as far as it could be read.
public struct KnownOwner: Sendable, Hashable {
  /// The owner.
  public var owner: Owner
  /// Whether it is held, or why that is not known.
  public var isHeld: Known<Bool>

  /// What it will do to an edit, as it is now.
  public var warning: String {
    let name = owner.name.isEmpty ? "" : " \(owner.name)"
    let head = "\(owner.tool)\(name) owns this object (\(owner.evidence)): "
    // A paused Rollout still writes the weights of its step.
    guard isHeld.value == true, owner.tool != "Argo Rollouts" else { return head + owner.consequence }
    return head + "it is held now and leaves the edit alone until `\(owner.resumption)`"
  }
}

extension Owner {
  /// The command line that lets a held owner work again.
  var resumption: String { suspension.split(separator: " suspend ").joined(separator: " resume ") }
}

/// Finds the own objects of owners, which labels name in part only.
public struct OwnerSearch: Sendable {
  let control: any ControlPlane

  /// Creates a search on a plane.
  public init(_ control: any ControlPlane) { self.control = control }

  /// An owner of an object with what its own object says. What cannot be read leaves the owner as its mark has it.
  public func known(_ owner: Owner, of object: ObjectRef) async -> KnownOwner {
    guard let hold = OwnerHold.of(kind: owner.kind) else {
      return KnownOwner(owner: owner, isHeld: .unknown("\(owner.tool) has nothing to hold"))
    }
    do throws(MeshError) {
      guard let native = try await native(of: owner, hold, for: object) else {
        return KnownOwner(owner: owner, isHeld: .unknown("its \(hold.word) was not found"))
      }
      var found = owner
      (found.name, found.namespace) = (native.ref.name, native.ref.namespace)
      return KnownOwner(
        owner: found,
        isHeld: .known(hold.isHeld(native.json), source: "\(native.ref)\(hold.field)", at: .now))
    } catch {
      return KnownOwner(owner: owner, isHeld: .unknown(error.message))
    }
  }

  private func native(
    of owner: Owner, _ hold: OwnerHold, for object: ObjectRef
  ) async throws(MeshError) -> NativeObject? {
    if !owner.name.isEmpty, !owner.namespace.isEmpty {
      return try await control.native(
        ObjectRef(plane: object.plane, namespace: owner.namespace, kind: hold.kind, name: owner.name))
    }
    // A Rollout is beside what it routes; an Application or a Kustomization may be anywhere.
    let isBeside = hold.word == "rollout" || hold.word == "canary"
    let all = try await control.natives(hold.kind, namespace: isBeside ? object.namespace : nil)
    let found = all.filter { candidate in
      owner.name.isEmpty ? candidate.routes(object) : candidate.ref.name == owner.name
    }
    return found.count == 1 ? found.first : nil
  }
}

extension NativeObject {
  /// Whether a Rollout names an object among those it routes traffic with
  /// (`spec.strategy.canary.trafficRouting`, Argo Rollouts).
  fileprivate func routes(_ object: ObjectRef) -> Bool {
    guard let routing = json["spec"]?["strategy"]?["canary"]?["trafficRouting"] else { return false }
    let istio = routing["istio"]
    let named =
      [istio?["virtualService"], istio?["destinationRule"]].compactMap(\.self)
      + (istio?["virtualServices"]?.array ?? [])
      + [routing["smi"]].compactMap(\.self)
    return named.contains { entry in
      (entry["name"] ?? entry["trafficSplitName"])?.string == object.name
    }
  }
}
