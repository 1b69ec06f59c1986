import MeshModel

/// A reader of a rule's fault injection.
///
/// Source: Istio API, HTTPFaultInjection. Without a percentage every request is hit; `percent` is the integer form of
/// Istio before 1.1.
enum IstioFaultReader {
  static func fault(_ reader: inout JSONReader) throws(JSONError) -> FaultSetting? {
    if try reader.readNull() { return nil }
    var result = FaultSetting()
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "delay":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "fixedDelay": result.delay = try reader.goDuration()
          case "percentage": result.delayPercent = try reader.percentValue() ?? 100
          case "percent": result.delayPercent = try reader.double()
          default: try reader.skip()
          }
        }
      case "abort":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "httpStatus": result.abortStatus = try reader.int()
          case "percentage": result.abortPercent = try reader.percentValue() ?? 100
          case "percent": result.abortPercent = try reader.double()
          default: try reader.skip()
          }
        }
      default: try reader.skip()
      }
    }
    return result
  }
}
