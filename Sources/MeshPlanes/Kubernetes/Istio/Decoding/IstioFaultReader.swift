import MeshModel

/// A reader of a rule's fault injection.
///
/// Source: Istio API, HTTPFaultInjection: without a percentage no request is hit. `percent` is the integer form of Istio
/// before 1.1 and counts where there is no `percentage` (istiod, `TranslateFault`).
enum IstioFaultReader {
  static func fault(_ reader: inout JSONReader) throws(JSONError) -> FaultSetting? {
    if try reader.readNull() { return nil }
    var result = FaultSetting()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "delay":
        let part = try part(&reader)
        result.delay = part.delay
        result.delayPercent = part.percent
      case "abort":
        let part = try part(&reader)
        result.abortStatus = part.status
        result.abortPercent = part.percent
      default: try reader.skip()
      }
    }
    return result
  }

  /// A delay or an abort, and the requests it hits.
  private struct Part {
    var delay: Double?
    var status: Int?
    var percentage: Double?
    var older: Double?

    var percent: Double { percentage ?? older ?? 0 }
  }

  private static func part(_ reader: inout JSONReader) throws(JSONError) -> Part {
    var part = Part()
    if try reader.readNull() { return part }
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "fixedDelay": part.delay = try reader.goDuration()
      case "httpStatus": part.status = try reader.int()
      case "percentage": part.percentage = try reader.percentValue()
      case "percent": part.older = try reader.readNull() ? nil : reader.double()
      default: try reader.skip()
      }
    }
    return part
  }
}
