using System.Management.Automation;

namespace VmUpdate.PowerShell.Loading;

/// <summary>
/// Runs when the module is imported and when it is removed: lets the assemblies of others be found in <c>deps</c>, where
/// PowerShell does not look and where they meet no other module's version of themselves.
/// </summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => AppDomain.CurrentDomain.AssemblyResolve += PrivateDependencies.Resolve;

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => AppDomain.CurrentDomain.AssemblyResolve -= PrivateDependencies.Resolve;
}
