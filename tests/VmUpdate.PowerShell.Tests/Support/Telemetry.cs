using System.Runtime.CompilerServices;

namespace VmUpdate.PowerShell.Tests.Support;

internal static class Telemetry
{
    /// <summary>Before the engine's first use: it would send usage data home otherwise.</summary>
    [ModuleInitializer]
    internal static void Forbid() => Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
}
