using System.ServiceProcess;

namespace VmUpdate.GuestAgent.Windows;

/// <summary>The agent as a service.</summary>
/// <param name="start">Starts it.</param>
internal sealed class AgentService(Func<TextWriter?, IDisposable> start) : ServiceBase
{
    /// <summary>The service's name.</summary>
    internal const string Name = "vmupdate-agent";

    private IDisposable? _agent;

    /// <inheritdoc/>
    protected override void OnStart(string[] args) => _agent = start(null);

    /// <inheritdoc/>
    protected override void OnStop() => _agent?.Dispose();
}
